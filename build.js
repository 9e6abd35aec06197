// Makes what dist has besides the compiled sources. A module of the sources that names a file has a module with the text of that file in
// its place: a bundler takes modules along, and no files.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const page = 'lib/observe/inspector/page'
const PAGE_FILES = ['index.html', 'page.css', 'page.js']

await buildPage()
await replace('lib/observe/inspector/page-files.js', 'PAGE_FILES', Object.fromEntries(await Promise.all(
  PAGE_FILES.map(async (name) => [name, await readFile(`dist/${page}/${name}`, 'utf8')]))))
await replace('lib/inbox/sqlite/worker-url.js', 'WORKER', await bundleWorker())

/** The inspector's page as browsers load it. */
async function buildPage () {
  const license = await readFile(fileURLToPath(import.meta.resolve('preact/package.json').replace('package.json', 'LICENSE')), 'utf8')
  await mkdir(`dist/${page}`, { recursive: true })
  await build({
    entryPoints: [`${page}/main.tsx`],
    outfile: `dist/${page}/page.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    tsconfig: `${page}/tsconfig.json`,
    banner: { js: `/*! Preact, https://preactjs.com, is in this file.\n\n${license}*/` }
  })
  await build({ entryPoints: [`${page}/main.css`], outfile: `dist/${page}/page.css`, bundle: true, minify: true, target: 'es2022' })
  await copyFile(`${page}/index.html`, `dist/${page}/index.html`)
}

/** The worker thread of the SQLite inbox, as one script. It is not a module, and finds nothing but what Node has. */
async function bundleWorker () {
  const { outputFiles: [script], metafile } = await build({
    entryPoints: ['dist/lib/inbox/sqlite/store/worker.js'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'iife',
    target: 'node22.13'
  })
  const [{ inputs }] = Object.values(metafile.outputs)
  const packages = Object.keys(inputs).filter((file) => file.startsWith('node_modules/') && inputs[file].bytesInOutput > 0)
  if (packages.length > 0) throw new Error(`the worker of the SQLite inbox must need no package, and needs ${packages.join(', ')}`)
  return script.text
}

async function replace (module, name, value) {
  await writeFile(`dist/${module}`, `export const ${name} = ${JSON.stringify(value, null, 2)}\n`)
}
