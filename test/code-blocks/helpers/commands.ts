import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parseInboxOptions } from '../../../lib/cli/inbox/options.ts'
import { parseListenOptions } from '../../../lib/cli/listen/options.ts'
import { parseSendOptions } from '../../../lib/cli/send/options.ts'
import { manifestOf, root } from '../../helpers/package.ts'
import { blocks } from '../../helpers/pages.ts'
import { configuration } from './files.ts'

const manifest = manifestOf(root)

export interface Command {
  env: Record<string, string>
  words: string[]
}

/** "KEY=value npx fastify-oneroute-webhooks send --content 'a b'", and so on: all that the pages need of a shell. */
export function commandsIn (text: string): Command[] {
  return blocks(text).filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n')).map((line) => {
    const all = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
    const first = all.findIndex((word) => !/^[A-Z_]+=/.test(word))
    return { env: Object.fromEntries(all.slice(0, first).map((word) => word.split('='))) as Command['env'], words: all.slice(first) }
  })
}

/** What each command makes of its arguments: it throws if they are wrong. */
const PARSERS: Record<string, (args: string[]) => unknown> = {
  '--version': () => undefined, // it takes none
  send: (args) => parseSendOptions(args, {}),
  listen: (args) => parseListenOptions(args, {}),
  inbox: (args) => parseInboxOptions(args, { ONEROUTE_INBOX: args[0] === 'migrate' ? 'postgres://db/x' : 'webhooks.db' })
}

/** Services of the file that Compose is told to read, or reads by itself, and the words that come after that. */
function composed ([, ...words]: readonly string[]): { services: object, verb: readonly string[] } {
  const [name = '', verb] = words[0] === '-f' ? [words[1], words.slice(2)] : ['compose.yaml', words]
  return { services: (parse(configuration(name)) as { services: object }).services, verb } // as Compose has it
}

/** Programs that come from elsewhere: what of their words has to be something of these pages. */
const OF_OTHERS: Record<string, (words: readonly string[]) => string | undefined> = {
  sudo: (words) => problemOf(words),
  chmod: ([, file = '']) => namesBlock(file),
  cloudflared: (words) => words.some((word) => word.endsWith(':3000')) ? undefined : 'no such port',
  ngrok: (words) => words.includes('3000') ? undefined : 'no such port',
  journalctl: ([, unit = '']) => namesBlock(`/etc/systemd/system/${unit}.service`),
  systemctl: ([verb, ...words]) => verb === 'daemon-reload' ? undefined : namesBlock(`/etc/systemd/system/${words.at(-1) ?? ''}.service`),
  pm2: ([verb, word = '']) => verb === 'start' ? namesBlock(word) : configuration('ecosystem.config.cjs').includes(`name: '${word}'`) ? undefined : 'no such app',
  docker: (words) => {
    const { services, verb: [verb, ...rest] } = composed(words)
    if (verb === 'up') return rest.every((word) => word.startsWith('-')) ? undefined : 'words after up'
    if (verb === 'cp') return Object.hasOwn(services, rest[0]?.split(':')[0] ?? '') ? undefined : 'no such service'
    const at = rest.findIndex((word) => Object.hasOwn(services, word))
    if (verb !== 'exec' || at < 0) return `no service to ${verb ?? ''}`
    return ['rm', 'pg_dump'].includes(rest[at + 1] ?? '') ? undefined : problemOf(rest.slice(at + 1))
  }
}

function namesBlock (name: string): string | undefined {
  return blocks().some(({ file }) => file === name) ? undefined : `no block ${name}`
}

/** What is wrong with a command, if anything. */
export function problemOf (words: readonly string[]): string | undefined {
  const [program = '', verb = '', ...rest] = words
  const known = (names: object, name: string) => Object.hasOwn(names, name) ? undefined : `no '${name}'`
  const first = (problems: Array<string | undefined>) => problems.find((problem) => problem !== undefined)
  if (program === 'node') {
    const run = words.filter((word) => /\.[cm]?[jt]s$/.test(word))
    return run.length === 0 ? 'nothing to run' : first(run.map((path) => namesBlock(path.replace(/^\/app\//, ''))))
  }
  if (program === 'npx') {
    const [command = '', ...args] = rest
    return known(manifest.bin, verb) ?? known(PARSERS, command) ?? (PARSERS[command]?.(args) === 'help' ? 'help' : undefined)
  }
  if (program !== 'npm') return known(OF_OTHERS, program) ?? OF_OTHERS[program]?.(words.slice(1))
  if (verb === 'i' && rest[0] === '-D') return first(rest.slice(1).map((name) => known(manifest.devDependencies, name)))
  if (verb === 'i') return first(rest.map((name) => known({ ...manifest.peerDependencies, [manifest.name]: '' }, name)))
  if (verb === 'ci') return rest.length === 0 ? undefined : 'no such lock file'
  const missing = rest.find((word) => word.startsWith('test/') && !existsSync(join(root, word)))
  return known(manifest.scripts, verb === 'run' ? rest[0] ?? '' : verb) ?? missing
}
