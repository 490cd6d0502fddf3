/** VR1xxx in English. */
import type { ExpectedArgument, Facts } from "../facts.ts";
import {
  type CodeFamily,
  headerOf,
  isTrackedCheck,
  type Message,
  type Messages,
} from "../messages.ts";
import { blockName, list, plural } from "./phrases.ts";

export const SYNTAX: Messages<CodeFamily<"VR1">> = {
  VR1001: unknownKeyword,
  VR1002: commentedHeader,
  VR1003: ({ inside }) => ({
    message: "this `{` opens no block: there is no keyword before it",
    label: "nothing to open",
    notes: [
      inside === undefined
        ? "keepalived ignores the brace, every line up to the matching `}`, and that brace too"
        : `keepalived ignores the brace; the matching \`}\` then ends \`${inside}\``,
    ],
    help: "write the block's keyword before the brace, or delete the block",
  }),
  VR1004: ({ block }) => ({
    message:
      block === undefined
        ? "this `}` closes nothing"
        : `this \`}\` closes \`${block}\`, and what follows belongs in that block`,
    label: block === undefined ? "no block is open here" : "one too many, or too early",
    help: "delete it, or find the `{` that is missing above",
  }),
  VR1005: ({ block, line, count, isFileOver }) => ({
    message:
      count === 1
        ? `\`${block}\` of line ${line} is not closed: a \`}\` is missing`
        : `${count} closing braces are missing; the innermost open block is \`${block}\` of line ${line}`,
    label: isFileOver === true ? "is not closed" : "should stand outside the block",
    related: [isFileOver === true ? "the file ends here" : `the block \`${block}\``],
    notes: ["keepalived starts all the same, with what it understood up to here"],
    help: `add a \`}\` at the end of \`${block}\``,
  }),
  VR1006: ({ block }) => ({
    message: `\`${block}\` takes a block in braces, one item on each line`,
    label: "no `{` after this",
    related: ["a `{` is missing here"],
    notes: ["keepalived takes every line up to the next `}` for its content"],
    help: `write \`${block} { … }\``,
  }),
  VR1007: () => ({
    message: "a double quote is not closed on this line",
    label: "opened here",
    notes: ["a text in quotes cannot go on in the next line; everything from the quote on is lost"],
    help: 'add the closing `"`',
  }),
  VR1008: ({ bytes, limit }) => ({
    message: `the line has ${bytes} bytes, and keepalived reads no more than ${limit}`,
    notes: [
      "keepalived 2.2.7 takes the rest for a line of its own; later versions refuse the line",
      "Baton reads all of it",
    ],
    help: "put long values in a definition (`$NAME=…`), or shorten the comment",
  }),
  VR1009: ({ count, guess }) => ({
    message:
      guess === "utf-16"
        ? "this file is UTF-16 text; a configuration must be UTF-8"
        : `this is not a text file: it has ${plural(count, "zero byte")}`,
    help:
      guess === "utf-16"
        ? "save it as UTF-8 without a byte order mark"
        : "check the path: this may be an archive or a program",
  }),
  VR1010: ({ word }) => ({
    message:
      "the file begins with a byte order mark, which keepalived takes for a part of the first word",
    label: "invisible mark",
    notes:
      word === ""
        ? ["keepalived reports an unknown keyword and reads on"]
        : [`so \`${word}\` is an unknown keyword, and what belongs to it is lost`],
    help: "save the file as UTF-8 without a byte order mark",
  }),
  VR1011: ({ found, ascii }) => ({
    message:
      ascii.trim() === ""
        ? "an invisible or full-width blank stands where an ordinary blank belongs"
        : `\`${found}\` is a full-width or typographic character; keepalived wants \`${ascii}\``,
    label: ascii.trim() === "" ? "not an ordinary blank" : `write \`${ascii}\``,
    notes: ["text copied from a web page or typed with an input method often carries these"],
  }),
  VR1012: ({ count }) => ({
    message: `the file has Windows line ends (${plural(count, "line")})`,
    label: "carriage return before the line end",
    notes: ["keepalived and Baton accept them; a script with such line ends would not start"],
  }),
  VR1013: ({ name, braces, suggestion }) => ({
    message: braces ? `\`\${${name}}\` is not defined` : `\`$${name}\` is not defined`,
    label: "stays as it is written",
    notes: braces ? ["its braces are then read as the braces of a block"] : [],
    help:
      suggestion === undefined
        ? `define it above: \`$${name}=…\`, without a blank before the \`=\``
        : `did you mean \`$${suggestion}\`?`,
  }),
  VR1014: ({ name }) => ({
    message: `\`$${name}\` comes to no end here: its definition contains itself, or is put in too often`,
    label: "never ends",
  }),
  VR1015: ({ problem }) => ({
    message: {
      form: "this loop cannot be read",
      numbers: "this loop's numbers lead nowhere",
      tuples: "the groups of this list differ in length",
    }[problem],
    help: "`~SEQ(name, first, last) line` or `~LST(name, a, b, c) line`",
  }),
  VR1016: ({ pattern, keyword }) => ({
    message: `no file matches \`${keyword} ${pattern}\``,
    label: "nothing found",
    notes: ["keepalived mentions it in its log and starts without it"],
  }),
  VR1017: ({ pattern, keyword }) => ({
    message: `no file matches \`${pattern}\`, and \`${keyword}\` requires one`,
    label: "required and not found",
    notes: ["keepalived does not start"],
  }),
  VR1018: ({ path, why }) => ({
    message: {
      directory: `\`${path}\` is a directory and is not read`,
      executable: `\`${path}\` is executable, so keepalived does not read it`,
      unreadable: `\`${path}\` cannot be read`,
      "not-regular": `\`${path}\` is not a regular file and is not read`,
      "too-large": `\`${path}\` is too large for a configuration and is not read`,
      "too-many": `\`${path}\` means more files than are looked at; the rest is not read`,
    }[why],
    help: why === "executable" ? `chmod a-x ${path}` : "check the path and its permissions",
  }),
  VR1019: ({ path, depth }) => ({
    message: `\`${path}\` is included at depth ${depth}: a file probably includes itself`,
    label: "not read any more",
  }),
  VR1020: ({ keyword, expected }) => ({
    message: `\`${keyword}\` lacks its argument (${ARGUMENTS[expected]})`,
    label: "nothing follows",
    notes: ["keepalived stops at this line with exit status 2: it does not start"],
  }),
  VR1021: ({ keyword, extra, isKeyword }) => ({
    message: `\`${extra}\` after \`${keyword}\` is dropped`,
    label: "has no effect",
    notes: ["keepalived says nothing about arguments too many"],
    help: isKeyword ? "put it on a line of its own" : "delete it, or quote what belongs together",
  }),
  VR1022: ({ word }) => ({
    message: `single quotes are part of the word: the value is \`${word}\` with its quotes`,
    label: "not quotes to keepalived",
    help: "use double quotes, or none",
  }),
  VR1023: ({ keyword, mark, secret, kept }) => ({
    message: secret
      ? `the password ends before the \`${mark}\`: what follows is a comment`
      : `\`${mark}\` begins a comment in the middle of a word: \`${keyword}\` gets \`${kept}\``,
    label: `comment from the \`${mark}\` on`,
    help: "put the whole value in double quotes; nothing else protects it",
  }),
  VR1024: ({ keyword, mark }) => ({
    message: `the backslash does not protect \`${mark}\`: the value of \`${keyword}\` ends before it`,
    label: "still a comment",
    notes: [
      "keepalived reads its files twice, and the first reading takes the backslash away; `${_HASH}` and `${_BANG}` do not help either",
    ],
    help: "put the whole value in double quotes",
  }),
  VR1025: ({ keyword, mark }) => ({
    message: `\`${keyword}\` takes its value after a blank, not after \`${mark}\``,
    label: `without \`${mark}\``,
  }),
  VR1026: ({ word, mark }) => ({
    message: `\`${mark}\` after \`${word}\` does not belong there: a line's end is the end`,
    label: "delete this",
  }),
  VR1040: ({ keyword, expected }) => ({
    message: `\`${keyword}\` lacks its argument (${ARGUMENTS[expected]})`,
    label: "nothing follows",
    notes: ["keepalived ignores the line and starts without this setting"],
  }),
  VR1041: ({ keyword, expected }) => ({
    message: `\`${keyword}\` lacks its argument (${ARGUMENTS[expected]}), and would not be needed here`,
    label: "nothing follows",
    notes: ["keepalived ignores the line too"],
    help: "delete the line",
  }),
  VR1042: ({ word, suggestion }) => ({
    message: `\`${word}\` is unknown; it is probably \`${suggestion}\`, which would not be acted on here`,
    label: "ignored",
    notes: ["keepalived ignores the misspelled line too"],
    help: `write \`${suggestion}\`, or delete the line`,
  }),
  VR1043: ({ text, kind }) => ({
    message:
      kind === "shell"
        ? `\`${text}\` is shell, which keepalived does not know: the text stays as it is`
        : `\`${text}\` looks like a template that was not filled in`,
    label: "not a value",
    help:
      kind === "shell"
        ? "fill in the file before it is read (`envsubst` does not know defaults either), or write `${NAME}` and define `$NAME=value` above"
        : "give the file that the template makes, not the template",
  }),
  VR1045: ({ pattern, keyword, names }) => ({
    message: `no file matches \`${keyword} ${pattern}\`, and ${list(names)} ${names.length === 1 ? "is" : "are"} not defined elsewhere`,
    label: "nothing found",
    notes: ["keepalived mentions it in its log and runs without what is missing"],
  }),
  VR1044: ({ names }) => ({
    message: `names of instances (${list(names)}) belong in \`group { … }\` inside the sync group`,
    label: "unknown here",
    notes: ["keepalived ignores the names and removes the group, which has no members"],
    help: "write `group {` above and `}` below them",
  }),
  VR1027: ({ block, kept, lost, dropped }) => ({
    message: dropped
      ? `\`${block}\` takes one item on each line: \`${kept}\` and \`${lost}\` are both lost`
      : `\`${block}\` takes one item on each line: \`${lost}\` is lost`,
    label: dropped ? "keepalived drops the whole line" : `only \`${kept}\` is read`,
    help: "put each item on a line of its own",
  }),
  VR1028: () => ({
    message: "the file is empty: this would run and do nothing",
  }),
  VR1029: ({ bytes }) => ({
    message: `the file has ${(bytes / 1_000_000).toFixed(1)} MB; is it the right one?`,
    notes: ["a configuration with a thousand instances has about a tenth of that"],
  }),
  VR1030: ({ block, count }) => ({
    message:
      count === 0
        ? `\`${block}\` needs a name, so the whole block is skipped`
        : `\`${block}\` takes one name, so the whole block is skipped`,
    label: count === 0 ? "no name" : "more than one word",
    help: count === 0 ? `\`${block} NAME {\`` : "write it as one word, or put it in double quotes",
  }),
  VR1031: ({ block, name, line }) => ({
    message: `\`${block} ${name}\` is there already (line ${line}); this second one is skipped`,
    label: "not read",
    related: ["this one counts"],
    help: "rename one of them",
  }),
  VR1032: () => ({
    message: "the file is not UTF-8: some characters could not be read",
    label: "unreadable character",
    help: "convert it, for example: iconv -f GB18030 -t UTF-8",
  }),
  VR1033: ({ code, count }) => ({
    message: `${plural(count, "more finding")} of ${code}`,
    help: "correct the first ones and run the check again",
  }),
  VR1034: ({ limit, unit }) => ({
    message: `loops and definitions make more than ${limit} ${unit}; reading stops here`,
  }),
  VR1035: ({ word }) => ({
    message: `a backslash at the end of a line continues it only in a \`$NAME=\` definition: this is the word \`${word}\``,
    label: "the backslash is part of the word",
    help: "write it on one line",
  }),
  VR1036: ({ depth }) => ({
    message: `braces are nested more than ${depth} deep; keepalived knows three levels`,
  }),
  VR1039: ({ name }) => ({
    message: `\`$${name}\` is not replaced here: that happens only before a blank, a comma, \`)\` or the line's end`,
    label: "stays as it is written",
    help: `write \`\${${name}}\``,
  }),
  VR1038: ({ name }) => ({
    message: `a definition has no blank before the \`=\`, so this does not define \`$${name}\``,
    label: "an unknown keyword to keepalived",
    help: `write \`$${name}=…\``,
  }),
  VR1037: ({ id }) => ({
    message:
      id === undefined
        ? "lines with `@` conditions were evaluated for a machine without a config-id"
        : `lines with \`@\` conditions were evaluated for the config-id \`${id}\``,
    label: "depends on the machine",
    help: "`-i NAME` checks the file as another machine would read it",
  }),
};

function unknownKeyword(facts: Facts["VR1001"]): Message {
  const { word, block, suggestion, homes, isBlock, cut } = facts;
  const where = blockName(block);
  const notes: string[] = [];
  if (cut !== undefined && cut.to > cut.from) {
    notes.push(
      `keepalived ends \`${cut.name}\` at this block's \`}\`, so lines ${cut.from} to ${cut.to} are lost`,
    );
  } else if (isBlock) notes.push("the lines of the block are skipped");
  const elsewhere = homes.filter((home) => home !== (block ?? ""));
  const help =
    suggestion !== undefined && elsewhere.length === 0
      ? `did you mean \`${suggestion}\`?`
      : elsewhere.length > 0
        ? `it belongs in ${list(elsewhere.map(blockName))}`
        : undefined;
  return {
    message: isBlock
      ? `unknown block \`${word}\` in ${where}`
      : `unknown keyword \`${word}\` in ${where}`,
    label: suggestion === undefined ? "not known here" : `perhaps \`${suggestion}\``,
    notes,
    ...(help === undefined ? {} : { help }),
  };
}

function commentedHeader(facts: Facts["VR1002"]): Message {
  const { name, headerLine, usedBy, inside } = facts;
  const full = headerOf(facts);
  const isTracked = isTrackedCheck(facts);
  const message = isTracked
    ? `this would run without the health check \`${name}\`: its header on line ${headerLine} is commented out`
    : `this block is lost: its header \`${full}\` on line ${headerLine} is commented out`;
  const notes = [
    inside === undefined
      ? "keepalived ignores the block's lines, reports its keywords as unknown, and starts"
      : `keepalived ignores the header, and the block's \`}\` then ends \`${inside}\``,
  ];
  if (isTracked) {
    notes.push(
      `${list(usedBy.map((user) => `\`${user}\``))} would become MASTER and stay MASTER whatever happens to the service`,
    );
  }
  return {
    message,
    label: "a block without a header",
    related: ["this is a comment", `\`${name}\` is tracked here`],
    notes,
    help: `remove the comment mark in front of \`${full}\``,
  };
}

const ARGUMENTS: Readonly<Record<ExpectedArgument, string>> = {
  number: "a number",
  seconds: "a number of seconds",
  word: "a word",
  address: "an address",
  interface: "an interface",
  command: "a command in double quotes",
};
