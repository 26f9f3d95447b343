/**
 * Takes comments and indentation out of Lua, and nothing else: what is in a string stays, and so does what JavaScript puts in by `${…}`.
 * Lines stay lines, so that an error in a script names the line of its source, and source maps hold.
 *
 * @param {string} source
 */
function stripLua(source) {
  return source.replace(TOKEN, (token, kept) => {
    if (/^(--)?\[/.test(token)) throw new Error(`Lua with a long bracket, which the build cannot strip: ${token}`);
    return kept ?? '';
  });
}

/** What stays, or else a long bracket, a comment with the space before it, or white space at either end of a line. */
const TOKEN =
  /(\$\{[^}]*\}|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*')|(?:--)?\[=*\[|[ \t]*--(?!\[=*\[).*|^[ \t]+|[ \t]+$/gm;

/**
 * The same in the template strings of a script of ours that has nothing but Lua in those of several lines.
 *
 * @param {string} script
 */
function stripTemplates(script) {
  return script.replace(/`(?:[^`\\]|\\[\s\S])*`/g, (template) =>
    template.includes('\n') ? `\`${stripLua(template.slice(1, -1))}\`` : template,
  );
}

// CommonJS, so that jest can load it as well as the build.
module.exports = { stripLua, stripTemplates };
