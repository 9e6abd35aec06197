import type { Trace } from './record.ts'

/** A file of Quint in which each trace is a run. */
export function fileOf (module: string, traces: readonly Trace[]): string {
  return `module ${module} {
  import types.* from "./types"
  import inbox.* from "./inbox"
  import follow.* from "./follow"

${traces.map(runOf).join('\n\n')}
}
`
}

function runOf ({ name, lines: [first = '', ...lines] }: Trace): string {
  return [`  run ${name}Test = ${first}`, ...[...lines, 'end'].map((line) => `    .then(${line})`)].join('\n')
}
