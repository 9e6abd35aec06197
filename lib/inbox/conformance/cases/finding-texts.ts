import assert from 'node:assert/strict'
import { trustedJson } from '../../../events/trusted-json.ts'
import type { NewEvent } from '../../inbox.ts'
import type { Cases } from '../fixture.ts'
import { found, withFind } from '../searches.ts'
import { addAll, newEvent } from '../steps.ts'

/** An event whose body is this JSON, after its name and its label. */
function written (label: string, json: string): NewEvent {
  const body = `{"event":"newMessage","label":"${label}",${json}}`
  return newEvent(`lane of ${label}`, { label, body: Buffer.from(body), event: trustedJson(body) })
}

/** `find` by a text, of an inbox that has it. */
export const findingTexts: Cases = {
  'a text is found in any text or number of an event, in capitals or not, however its JSON is written': withFind(async (inbox) => {
    await addAll(inbox,
      written('plain', '"message":{"content":"Where is my ORDER?","parts":[["deep down"]]},"some_field":true'),
      written('raw', '"text":"café مرحبا 😀"'),
      written('escaped', '"text":"CAF\\u00c9 \\u0645\\u0631\\u062d\\u0628\\u0627 \\ud83d\\ude00"'),
      written('special', '"text":"she said \\"no\\"\\non https:\\/\\/example.com\\/100%_\\\\o\\/"'),
      written('number', '"amount":1234.5,"count":2e3'))
    const texts: Array<[string, string[]]> = [
      ['my order', ['plain']], ['DEEP', ['plain']], ['some_field', []], ['true', []],
      ['café', ['escaped', 'raw']], ['CAFÉ', ['escaped', 'raw']], ['مرحبا', ['escaped', 'raw']], ['😀', ['escaped', 'raw']], ['u00c9', []],
      ['"no"', ['special']], ['no"\non', ['special']], ['https://example', ['special']], ['\\/', []], ['%_\\o/', ['special']], ['\\', ['special']], ['%o', []],
      ['234.5', ['number']], ['2000', ['number']], ['2e3', []], ['-1234', []]
    ]
    for (const [text, labels] of texts) assert.deepEqual(await found(inbox, { text }), labels, `looking for ${text}`)
  }),

  'a text is found however its letters and its white space are written, and so is the word for what a message brings': withFind(async (inbox) => {
    await addAll(inbox,
      written('lines', '"text":"first\\r\\n  second\u00a0third"'),
      written('composed', '"text":"M\u00fcller"'),
      written('decomposed', '"text":"Mu\u0308ller"'),
      written('decomposed by number', '"text":"Mu\\u0308ller"'),
      written('Greek', '"text":"ΚΩΣΤΑΣ ΟΔΟΣ"'),
      written('picture', '"message":{"contentType":"image"}'),
      written('voice', '"message":{"audioUrl":"https://example.com/a"}'))
    const texts: Array<[string, string[]]> = [
      ['first second third', ['lines']], ['first\tsecond', ['lines']], ['firstsecond', []],
      ['MÜLLER', ['decomposed by number', 'decomposed', 'composed']], ['mu\u0308ller', ['decomposed by number', 'decomposed', 'composed']], ['muller', []],
      ['κωσ', ['Greek']], ['ΚΩΣ', ['Greek']], ['κωστας οδος', ['Greek']],
      ['picture', ['picture']], ['Voice  note', ['voice']], ['image', ['picture']]
    ]
    for (const [text, labels] of texts) assert.deepEqual(await found(inbox, { text }), labels, `looking for ${text}`)
  })
}
