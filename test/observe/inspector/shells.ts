import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)

/** Does with its options what the command of that name does with them: enough for the command that the page has copied. */
const STAND_INS: Record<string, string> = {
  curl: `
    const options = process.argv.slice(2)
    const headers = Object.fromEntries(options.flatMap((option, i) => option === '-H' ? [options[i + 1].split(': ')] : []))
    const body = require('node:fs').readFileSync(0)
    fetch(options.find((option) => option.startsWith('http')), { method: 'POST', headers, body }).then((reply) => reply.text()).then((text) => process.stdout.write(text))`,
  openssl: `
    const [, algorithm, , key] = process.argv.slice(2)
    const signature = require('node:crypto').createHmac(algorithm.slice(1), key).update(require('node:fs').readFileSync(0)).digest('hex')
    console.log('SHA2-512(stdin)= ' + signature)`,
  sed: `
    const [, pattern, replacement] = process.argv[2].split('/')
    process.stdout.write(require('node:fs').readFileSync(0, 'utf8').replace(new RegExp(pattern), replacement))`
}

/** The shells that there are, and a PATH on which they find what a copied command runs: a machine may have none of it. */
export async function shellsOf (t: Test): Promise<{ PATH: string, shells: readonly string[] }> {
  const folder = t.testdir()
  const has = async (shell: string, command: string) => await run(shell, ['-c', `command -v ${command}`]).then(() => true, () => false)
  for (const [command, script] of Object.entries(STAND_INS)) {
    if (!await has('sh', command)) writeFileSync(join(folder, command), `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
  }
  const shells: string[] = []
  for (const shell of ['bash', 'dash', 'sh']) if (await has(shell, 'true')) shells.push(shell)
  return { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, shells }
}
