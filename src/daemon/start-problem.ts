/** Why a script of the operator's cannot be run, as data and as a sentence. */
import type { Language } from "#diagnostics/diagnostic";
import type { FolderProblem } from "./own-files.ts";

export type StartProblem =
  | { readonly kind: "nothing-to-run" }
  | { readonly kind: "no-such-user"; readonly name: string }
  | { readonly kind: "no-such-group"; readonly name: string }
  | { readonly kind: "not-root"; readonly user: string }
  | { readonly kind: "missing"; readonly path: string }
  | {
      readonly kind: "not-executable";
      readonly path: string;
      readonly why: "directory" | "no-permission";
      readonly user: string;
    }
  | {
      readonly kind: "insecure";
      readonly path: string;
      /**
       * The file that others can change, or the folder, link or interpreter on the path to it.
       */
      readonly offender: string;
      readonly why: "not-owned-by-root" | "writable-by-others";
    }
  | { readonly kind: "refused"; readonly path: string; readonly errno: string };

export const problemSentence = (problem: StartProblem, language: Language): string =>
  language === "en" ? english(problem) : chinese(problem);

function english(problem: StartProblem): string {
  switch (problem.kind) {
    case "nothing-to-run":
      return "there is nothing to run";
    case "no-such-user":
      return `there is no user ${problem.name} on this machine`;
    case "no-such-group":
      return `there is no group ${problem.name} on this machine`;
    case "not-root":
      return `only a daemon that runs as root can run it as ${problem.user}`;
    case "missing":
      return `${problem.path} does not exist`;
    case "not-executable":
      return problem.why === "directory"
        ? `${problem.path} is not a file`
        : `${problem.user} may not execute ${problem.path} (chmod +x?)`;
    case "insecure":
      return `root would run ${problem.path}, but ${problem.offender} ${
        problem.why === "not-owned-by-root" ? "is not owned by root" : "can be written by others"
      }`;
    case "refused":
      return problem.errno === "ENOEXEC"
        ? `${problem.path} is no program: its first line names no interpreter (#!/bin/sh)`
        : problem.errno === "ENOENT"
          ? `the interpreter that the first line of ${problem.path} names does not exist`
          : `the system refuses to start ${problem.path}: ${problem.errno}`;
  }
}

function chinese(problem: StartProblem): string {
  switch (problem.kind) {
    case "nothing-to-run":
      return "没有可运行的命令";
    case "no-such-user":
      return `本机没有用户 ${problem.name}`;
    case "no-such-group":
      return `本机没有用户组 ${problem.name}`;
    case "not-root":
      return `只有以 root 运行的守护进程才能以 ${problem.user} 身份执行它`;
    case "missing":
      return `${problem.path} 不存在`;
    case "not-executable":
      return problem.why === "directory"
        ? `${problem.path} 不是文件`
        : `${problem.user} 无权执行 ${problem.path}（缺少 chmod +x？）`;
    case "insecure":
      return `root 将运行 ${problem.path}，但 ${problem.offender} ${
        problem.why === "not-owned-by-root" ? "不属于 root" : "可被其他用户修改"
      }`;
    case "refused":
      return problem.errno === "ENOEXEC"
        ? `${problem.path} 不是可执行程序：首行没有指定解释器（#!/bin/sh）`
        : problem.errno === "ENOENT"
          ? `${problem.path} 首行指定的解释器不存在`
          : `系统拒绝启动 ${problem.path}：${problem.errno}`;
  }
}

/** Why a folder is not the daemon's alone. */
export function folderProblem(problem: FolderProblem, language: Language): string {
  const en = language === "en";
  const { path } = problem;
  switch (problem.kind) {
    case "failed":
      return `${path}: ${problem.errno}`;
    case "not-a-folder":
      return en ? `${path} is no directory` : `${path} 不是目录`;
    case "link":
      return en ? `${path} is a symbolic link` : `${path} 是符号链接`;
    case "owned-by-another":
      return en
        ? `${path} belongs to another user (UID ${problem.uid})`
        : `${path} 属于其他用户（UID ${problem.uid}）`;
    case "writable-by-others": {
      const mode = problem.mode.toString(8).padStart(4, "0");
      return en
        ? `${path} can be written by others (mode ${mode})`
        : `${path} 可被其他用户写入（权限 ${mode}）`;
    }
  }
}

/** Why the runtime directory is not used. */
export function folderSentence(folder: string, problem: FolderProblem, language: Language): string {
  const why = folderProblem(problem, language);
  return language === "en"
    ? `${folder} is not used as runtime directory: ${why}, and the daemon's files could be replaced there; give a --runtime-dir that only the daemon's user can write`
    : `不使用 ${folder} 作为运行目录：${why}，他人可能借此替换守护进程的文件；请用 --runtime-dir 指定只有守护进程用户可写的目录`;
}
