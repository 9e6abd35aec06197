import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { test } from 'tap'
import { nodeTooOld } from '../../lib/errors/node-version.ts'
import { FLAGS } from '../helpers/environment.ts'
import { manifestOf, root, temporaryDirectory } from '../helpers/package.ts'

const { name, engines, exports } = manifestOf(root)
const OLD = '20.11.1'
const MESSAGE = `fastify-oneroute-webhooks needs Node.js 22.13 or later, and this is ${OLD}`

test('versions of Node.js are too old or not', async (t) => {
  for (const version of ['0.12.18', '18.20.8', OLD, '20.20.2', '21.7.3', '22.0.0', '22.9.0', '22.12.0']) {
    t.match(nodeTooOld(version), { code: 'FST_ONEROUTE_NODE_TOO_OLD', message: `needs Node.js 22.13 or later, and this is ${version}` })
  }
  for (const version of ['22.13.0', '22.20.0', '24.0.0', '26.10.0', '27.0.0-nightly20261125', '100.1.0']) t.equal(nodeTooOld(version), undefined, version)
  t.equal(engines.node, '>=22.13.0', 'which package.json says, too')
})

/** What such a version does not have, of what the package uses. */
const MISSING = { 'node:crypto': 'hash', 'node:util': 'styleText' }

/** Makes a process take its Node.js for an old one, which has no node:sqlite either. */
const AS_OLD = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${OLD}' } })
  const missing = ${JSON.stringify(MISSING)}
  const names = Object.fromEntries(Object.entries(missing).map(([module, name]) => [module, Object.keys(process.getBuiltinModule(module)).filter((other) => other !== name)]))
  registerHooks({
    resolve (specifier, context, next) {
      if (specifier === 'node:sqlite') throw new Error('No such built-in module: node:sqlite')
      if (!(specifier in missing) || context.parentURL?.startsWith('${pathToFileURL(root).href}') !== true || context.parentURL.includes('node_modules')) return next(specifier, context)
      return { url: \`data:text/javascript,export { \${names[specifier]}, default } from '\${specifier}'\`, shortCircuit: true }
    }
  })`)}`

/** The one that the project is developed on, whatever these tests run on: the oldest that is supported has no `registerHooks`. */
const NODE = join(root, 'node_modules/node/bin/node')

/** With what tap has in the environment: it measures here what runs nowhere else. */
async function run (...args: string[]) {
  return await new Promise<{ code: unknown, stdout: string, stderr: string }>((resolve) => {
    execFile(NODE, [...FLAGS, '--import', AS_OLD, ...args], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}

for (const entry of Object.keys(exports).filter((entry) => entry !== './package.json')) {
  test(`on a Node.js that is too old, ${name}${entry.slice(1)} says so, imported and required`, async (t) => {
    const specifier = JSON.stringify(name + entry.slice(1))
    for (const load of [`await import(${specifier})`, `(await import('node:module')).createRequire(import.meta.url)(${specifier})`]) {
      const { code, stdout, stderr } = await run('--input-type=module', '--eval', `${load}\nconsole.log('loaded')`)
      t.match({ code, stdout }, { code: 1, stdout: '' }, load)
      const lines = stderr.split('\n').filter((line) => line.includes('Error'))
      t.match(lines, [MESSAGE])
      t.equal(lines.length, 1)
    }
  })
}

test('so does a dynamic import that nobody catches', async (t) => {
  const { code, stderr } = await run('--input-type=commonjs', '--eval', `void (async () => { await import(${JSON.stringify(name)}) })()`)
  t.match({ code, stderr }, { code: 1, stderr: MESSAGE })
})

test('so does the source of an entry', async (t) => {
  const file = join(temporaryDirectory(t), 'app.mjs')
  writeFileSync(file, `import '${new URL('../../index.ts', import.meta.url).href}'`)
  t.match(await run(file), { code: 1, stderr: MESSAGE })
})

test('so does the command line, in one line', async (t) => {
  const main = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))
  t.strictSame(await run(main, 'inbox', 'list', '--db', 'a.db'), { code: 1, stdout: '', stderr: `${MESSAGE}\n` })
})
