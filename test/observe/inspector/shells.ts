import { execFile } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { ENV } from '../../helpers/environment.ts'

const run = promisify(execFile)

/** Does with its options what the command of that name does with them: enough for the command that the page has copied. */
const STAND_INS: Record<string, string> = {
  curl: `
    import { readFileSync } from 'node:fs'
    const options = process.argv.slice(2)
    const headers = Object.fromEntries(options.flatMap((option, i) => option === '-H' ? [options[i + 1].split(': ')] : []))
    const reply = await fetch(options.find((option) => option.startsWith('http')), { method: 'POST', headers, body: readFileSync(0) })
    process.stdout.write(await reply.text())`,
  openssl: `
    import { createHmac } from 'node:crypto'
    import { readFileSync } from 'node:fs'
    const [, algorithm, , key] = process.argv.slice(2)
    const signature = createHmac(algorithm.slice(1), key).update(readFileSync(0)).digest('hex')
    console.log('SHA2-512(stdin)= ' + signature)`,
  sed: `
    import { readFileSync } from 'node:fs'
    const [, pattern, replacement] = process.argv[2].split('/')
    process.stdout.write(readFileSync(0, 'utf8').replace(new RegExp(pattern), replacement))`
}

/** The shells that there are, and the environment in which they find what a copied command runs: a machine may have none of it. */
export async function shellsOf (t: Test): Promise<{ env: NodeJS.ProcessEnv, shells: readonly string[] }> {
  const folder = t.testdir()
  const has = async (shell: string, command: string) => await run(shell, ['-c', `command -v ${command}`]).then(() => true, () => false)
  for (const [command, script] of Object.entries(STAND_INS)) {
    if (await has('sh', command)) continue
    const file = join(folder, `${command}.mjs`)
    writeFileSync(file, `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
    symlinkSync(file, join(folder, command)) // the name of the command; Node goes by that of the file
  }
  const shells: string[] = []
  for (const shell of ['bash', 'dash', 'sh']) if (await has(shell, 'true')) shells.push(shell)
  return { env: { ...ENV, PATH: `${folder}${delimiter}${ENV['PATH'] ?? ''}` }, shells }
}
