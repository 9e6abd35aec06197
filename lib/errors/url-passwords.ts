/** What most often keeps an address from being read. */
export const ENCODED = "in a password, '#' is written %23, '/' %2F, '?' %3F and '@' %40"

/** What is longer is nothing that a message has to quote. */
const LONGEST = 4_096

/** What stands for a password, and for all that may be a part of one. */
const HIDDEN = '***'

/** Of two letters at least: one would be a drive of Windows. */
const SCHEME = '[a-z][a-z\\d+.-]+:/'
/** './a', '/a', 'C:\\a'. */
const IS_PATH = /^(?:\.{0,2}[\\/](?!\/)|[a-z]:[\\/])/i
const IS_URL = new RegExp(`^(?:[a-z][a-z\\d+.-]*:)*${SCHEME}|^//[^/]*@`, 'i')
/** 'user:password@host'. */
const IS_USER = /^[^\s:/\\@]+:[^]*@/
/** 'host=db user=app', 'Server=db;Uid=app'. */
const IS_LIST = /(?:^|[\s;])(?:host|hostaddr|server|user|user id|uid|dbname|database|service)\s*=|\b(?:\w*passw\w*|pass|pwd)"?\s*[=:]/i

/** Whether a text was meant as an address or as a list of what a connection needs, however badly it is written. A file is neither. */
export function looksLikeAddress (text: string): boolean {
  const bare = text.replace(/^[\s'"`]+/, '')
  return !IS_PATH.test(bare) && (bare.includes('://') || IS_URL.test(bare) || IS_USER.test(bare) || IS_LIST.test(bare))
}

const START = '(?<=^|[-\'"`\\s])'
const URL_IN_TEXT = new RegExp(`${START}((?:jdbc:)?${SCHEME}/?|//)([^]*)`, 'i')
const USER_IN_TEXT = new RegExp(`${START}(?![a-z]:\\\\)[^\\s:/\\\\'"@]+:(?!/)[^]*@`, 'i')
const PASSWORD_IN_TEXT = /(\b\w*(?:pass\w*|pwd|secret|token|key)\s*=|\b(?:\w*passw\w*|pass|pwd)"?\s*:)[^]*/i

/**
 * A text without what may be a password in it. Passwords are often not encoded as they should be, so that nobody can tell where they
 * end: what is doubtful is not shown.
 */
export function withoutPasswords (text: string): string {
  return (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
    .replace(URL_IN_TEXT, (_, scheme: string, rest: string) => scheme + withoutUser(rest))
    .replace(/\/\/[^]*@/, `//${HIDDEN}@`) // whatever is before it, such as the name of a variable
    .replace(USER_IN_TEXT, `${HIDDEN}@`)
    .replace(PASSWORD_IN_TEXT, `$1${HIDDEN}`)
}

/** The same of what follows the '//' of an address. */
function withoutUser (rest: string): string {
  if (!rest.includes('@')) return rest.replace(/([?#])[^]*/, `$1${HIDDEN}`)
  // The last '@' ends the password, or is a part of one in the query.
  return rest.includes('?') ? HIDDEN : `${HIDDEN}@${rest.slice(rest.lastIndexOf('@') + 1)}`
}

/** A text that was given, as a message quotes it. */
export function inQuotes (text: string): string {
  return `'${withoutPasswords(text)}'`
}
