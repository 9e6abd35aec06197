// What strace has written, line by line.

/** A system call that has returned. Texts are bytes still, as they were handed over. */
export interface Call {
  readonly name: string
  /** As strace writes them: a descriptor with its path, `27<path>`; a text in quotation marks. */
  readonly args: string
  readonly result: number
  /** The file that the result stands for. */
  readonly opened: string | undefined
}

/** The calls of all threads, in the order in which they returned. */
export function * callsOf (trace: string): Generator<Call, undefined> {
  const unfinished = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const { thread = '', rest = '' } = /^(?<thread>\d+) +(?<rest>.*)$/.exec(line)?.groups ?? {}
    if (rest.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, rest.slice(0, -' <unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(?<end>.*)$/.exec(rest)?.groups?.end
    const call = callOf(resumed === undefined ? rest : `${unfinished.get(thread) ?? ''}${resumed}`)
    if (call !== undefined) yield call
  }
}

/** Undefined for a signal, the end of a process, and a call that has failed and so changed nothing. */
function callOf (text: string): Call | undefined {
  const { name = '', args = '', result = '', opened } = /^(?<name>\w+)\((?<args>.*)\) += (?<result>-?\d+|0x[\da-f]+)(?:<(?<opened>[^>]*)>)?/.exec(text)?.groups ?? {}
  if (name === '' || result.startsWith('-')) return undefined
  return { name, args, result: Number(result), opened: opened === undefined ? undefined : textOf(opened) }
}

/** The path of the first descriptor among the arguments of a call. */
export function descriptorOf (call: Call): string {
  const { path = '' } = /(?:^|, )\d+<(?<path>[^>]*)>/.exec(call.args)?.groups ?? {}
  return textOf(path)
}

/** The first text among the arguments of a call: a path, or what is written. */
export function bytesOf (call: Call): Buffer {
  const { hex = '' } = /"(?<hex>(?:\\x[\da-f]{2})*)"(?!\.\.\.)/.exec(call.args)?.groups ?? {}
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}

/** The last argument of a call, as a number. */
export function lastNumberOf (call: Call): number {
  return Number(call.args.slice(call.args.lastIndexOf(',') + 1))
}

/** A path, of which strace writes some characters in hexadecimal digits. */
function textOf (path: string): string {
  return Buffer.from(path.replaceAll(/\\x([\da-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString()
}
