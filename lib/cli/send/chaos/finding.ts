/** Something that the receiver did wrong, any number of times. */
export interface Finding {
  readonly title: string
  count: number
  /** The first of them. */
  readonly examples: string[]
}

const EXAMPLES = 3

export function addTo (findings: Map<string, Finding>, title: string, example: string): void {
  const finding = findings.get(title) ?? { title, count: 0, examples: [] }
  findings.set(title, finding)
  finding.count++
  if (finding.examples.length < EXAMPLES) finding.examples.push(example)
}
