const HIDDEN = '[redacted]';

/** Patterns of quoted credentials, each with its replacement. */
const QUOTED: ReadonlyArray<readonly [RegExp, string]> = [
  // Redis repeats the arguments of an unknown command, including those of AUTH and HELLO.
  [/(args beginning with:)(?! \[redacted\]).*/gi, `$1 ${HIDDEN}`],
  // A command as shown by MONITOR, JSON and inspect: "auth" "user" "password"; name: 'auth', args:
  // [ 'user', 'password' ].
  [
    /(["'`](?:auth|setuser|requirepass|masterauth|auth-pass|sentinel-pass)["'`])[\s,]+(?:["']?args["']?:\s*\[\s*)?["'`].*/gi,
    `$1 ${HIDDEN}`,
  ],
  // A typed command. Redis's own hints contain <password> and stay readable.
  [/\bAUTH(?:[ \t]+[^\s<]\S*){1,2}[ \t]*$/gm, `AUTH ${HIDDEN}`],
  // A field: password=x in a query, password: 'x' in inspect output, "password":"x" in JSON.
  [
    /((?:password|passwd|pass|secret|auth)["'`]?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/gi,
    `$1${HIDDEN}`,
  ],
  [/((?:password|passwd|pass|secret|auth)=)[^\s&"'`]+/gi, `$1${HIDDEN}`],
];

/** Returns `text` without credentials that Redis, its clients or a URL may have put there. */
export const redact = (text: string): string =>
  QUOTED.reduce((left, [pattern, shown]) => left.replace(pattern, shown), text.replace(/\S+/g, withoutUser));

/**
 * Turns `redis://user:password@host` into `redis://[redacted]@host`.
 * It cuts at the last @, because passwords are not always encoded.
 */
function withoutUser(word: string): string {
  const [start, end] = [word.indexOf('://'), word.lastIndexOf('@')];
  return start > 0 && end > start ? `${word.slice(0, start)}://${HIDDEN}${word.slice(end)}` : word;
}

/** Whether a field of this name holds a credential. */
export const isSecret = (name: string): boolean => /pass(word|wd|phrase)?$|secret|credential|^auth$/i.test(name);
