/**
 * pg-protocol 1.16 reads an error's fields until one has the type 0. Of a message that ends before,
 * it reads empty texts behind the end for ever: one broken server would stop the process with all
 * its databases. Here a text behind the end is a mistake, which ends the connection.
 */
import { BufferReader } from "pg-protocol/dist/buffer-reader.js";

interface Reader {
  readonly offset: number;
  readonly buffer: Buffer;
  string: (this: Reader, length: number) => string;
}

export function readStrictly(): void {
  const prototype = BufferReader.prototype as unknown as Reader;
  const { string } = prototype;
  prototype.string = function readString(this: Reader, length: number): string {
    if (length < 0 || this.offset + length > this.buffer.length)
      throw new Error("a message of the server ends in the middle of a text");
    return string.call(this, length);
  };
}
