const HIDDEN = '[redacted]';

/** Texts that quote credentials, and what takes their place. */
const QUOTED: ReadonlyArray<readonly [RegExp, string]> = [
  // Redis repeats the arguments of a command that it does not know, also of AUTH and HELLO.
  [/(args beginning with:)(?! \[redacted\]).*/gi, `$1 ${HIDDEN}`],
  // A command as MONITOR, JSON and inspect show it: "auth" "user" "password"; name: 'auth', args: [ 'user', 'password' ].
  [
    /(["'`](?:auth|setuser|requirepass|masterauth|auth-pass|sentinel-pass)["'`])[\s,]+(?:["']?args["']?:\s*\[\s*)?["'`].*/gi,
    `$1 ${HIDDEN}`,
  ],
  // A command as it is typed. Redis's own hints have <password> there.
  [/\bAUTH(?:[ \t]+[^\s<]\S*){1,2}[ \t]*$/gm, `AUTH ${HIDDEN}`],
  // A field: password=x in a query, password: 'x' in an object that is shown, "password":"x" in JSON.
  [
    /((?:password|passwd|pass|secret|auth)["'`]?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/gi,
    `$1${HIDDEN}`,
  ],
  [/((?:password|passwd|pass|secret|auth)=)[^\s&"'`]+/gi, `$1${HIDDEN}`],
];

/** `text` without the credentials that Redis, its clients or a URL may have put there. */
export const redact = (text: string): string =>
  QUOTED.reduce((left, [pattern, shown]) => left.replace(pattern, shown), text.replace(/\S+/g, withoutUser));

/** `redis://user:password@host` as `redis://[redacted]@host`: up to the last @, because passwords are not always encoded. */
function withoutUser(word: string): string {
  const [start, end] = [word.indexOf('://'), word.lastIndexOf('@')];
  return start > 0 && end > start ? `${word.slice(0, start)}://${HIDDEN}${word.slice(end)}` : word;
}

/** Whether what is called so is a credential. */
export const isSecret = (name: string): boolean => /pass(word|wd|phrase)?$|secret|credential|^auth$/i.test(name);
