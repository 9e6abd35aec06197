// Only SQLite: it has no regular expressions. PostgreSQL's server looks for a text by one (postgres/text-pattern.ts).
import { folded } from '../../../events/folded.ts'
import { ESCAPES, mayBeInNumber, OTHER_NUMBER } from '../../sql/json-writing.ts'
import { mayBeShown } from '../../sql/may-be-shown.ts'

const NUMBER = new RegExp(OTHER_NUMBER)
/** As it is written, it may make one letter with that of an escape before it: \t and a dot above look like ṫ. */
const STARTS_WITH_MARK = /^\p{M}/u

/**
 * Says of an event's id, name, conversation and body, as they are written, whether the text may be in it. Whether it is, only matcherOf
 * says: but parsing a body takes longer than all the rest of a search.
 */
export function textCheckOf (text: string): (written: string) => boolean {
  const wanted = folded(text)
  if (mayBeShown(wanted)) return () => true
  // White space may be written in many ways: each word is looked for by itself.
  const words = wanted.split(' ')
  // What no JSON has to escape is written by its number, or as it is.
  const escape = words.some((word) => STARTS_WITH_MARK.test(word) || Array.from(word).some((character) => character in ESCAPES)) ? '\\' : '\\u'
  const isOfNumber = mayBeInNumber(wanted)
  return (written) => {
    const all = folded(written)
    return words.every((word) => all.includes(word)) || written.includes(escape) || (isOfNumber && NUMBER.test(written))
  }
}
