import fc from '../helpers/property.ts'
import { folded } from '../../lib/events/folded.ts'

/** A text, and what has it. */
export type Pair = [text: string, value: string]

/** Every character that is another one in small letters, or in capitals. */
export function cased (): string[] {
  const all = Array.from({ length: 0x20000 }, (_, code) => String.fromCodePoint(code)).filter((character) => character.isWellFormed())
  return all.filter((character) => character.toLowerCase() !== character || character.toUpperCase() !== character)
}

/** As JSON may be written: with any character by its number. */
export function escaped (value: string): string {
  return value.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const unit = fc.oneof(fc.constantFrom(...Array.from('aAiIkKsSßẞİıſσςΣéÉ"\\/*+?.^$|()[]{}-_#%&\n\t\b\f\r\0\u0307\u212a😀ب \u00a0\u0301\u0338\u037e\u1f71\uf900가ẽ\u09dc')), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('\ud83d', '\ude00'))
const text = fc.record({
  before: fc.string({ unit, maxLength: 3 }), wanted: fc.string({ unit, maxLength: 70 }), after: fc.string({ unit, maxLength: 3 }), capitals: fc.constantFrom('as is', 'large', 'small'), byNumber: fc.boolean()
}).map(({ before, wanted, after, capitals, byNumber }): Pair => {
  const value = before + wanted + after
  const looked = capitals === 'as is' ? wanted : capitals === 'large' ? wanted.toUpperCase() : wanted.toLowerCase().normalize('NFD')
  return [looked, byNumber ? `{"a":"${escaped(value)}"}` : JSON.stringify({ a: value })]
})
const number = fc.record({ value: fc.oneof(fc.double(), fc.integer(), fc.bigInt().map(Number)).filter(Number.isFinite), way: fc.nat({ max: 4 }), from: fc.nat({ max: 5 }), length: fc.nat({ max: 8 }) })
  .map(({ value, way, from, length }): Pair => {
    const written = [String(value), value.toExponential(), value.toFixed(20), String(value).includes('e') ? String(value) : `${String(value)}e0`, value.toPrecision(30)][way] ?? ''
    return [String(JSON.parse(written)).slice(from, from + length), `{"a":${written}}`]
  })
/** A text, and a body that has it, however it is written there. */
export const pairs = fc.oneof(text, number).filter(([text, json]) => {
  const { a } = JSON.parse(json) as { a: string | number } // as it is made
  return folded(String(a)).includes(folded(text))
})
