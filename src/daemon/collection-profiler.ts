/**
 * What V8 knows about the collections of this process. A `PerformanceObserver` would report them
 * by the event loop, which the engine does not have; a profiler keeps some 4 KB for each collection
 * until it is stopped, so it is taken in turns (lateness.ts says when).
 */
import { GCProfiler } from "node:v8";
import type { Collection } from "#vrrp/engine/collections";

/** Each call gives the collections since the last one. */
export function openCollectionProfiler(): () => readonly Collection[] {
  let profiler = new GCProfiler();
  profiler.start();
  return () => {
    const { statistics } = profiler.stop() ?? { statistics: [] };
    profiler = new GCProfiler();
    profiler.start();
    return statistics.map(({ gcType, cost }) => ({ kind: gcType, micros: Math.round(cost) }));
  };
}
