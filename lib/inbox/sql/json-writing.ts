/** How JSON may write these. Any character may be there as it is, or by its number. */
export const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', '\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r' }

/**
 * A number that JavaScript may write in another way than the body has it: with an exponent, zeros at its end, or many digits. A regular
 * expression of JavaScript and of PostgreSQL. It does not fit times, which end a number otherwise.
 */
export const OTHER_NUMBER = '[:,[ \t\n\r]-?(?:[0-9]+[.]?[0-9]*[eE]|[0-9]+[.][0-9]*0(?=[,} \t\n\r]|\\])|0[.]00000|[0-9.]{16,})'

/** Whether a text in small letters may be a part of a number. */
export function mayBeInNumber (wanted: string): boolean {
  return /^[-+.\de]*$/.test(wanted) || 'infinity'.includes(wanted)
}
