// Makes of the page's sources what the inspector serves: users have no build step.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const from = (name) => new URL(name, import.meta.url)
const to = (name) => new URL(`../../../../dist/lib/observe/inspector/page/${name}`, import.meta.url)

await mkdir(to('.'), { recursive: true })
await build({
  entryPoints: [from('main.tsx').pathname],
  outfile: to('page.js').pathname,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  tsconfig: from('tsconfig.json').pathname
})
await copyFile(from('page.css'), to('page.css'))
await copyFile(from('index.html'), to('index.html'))
const license = await readFile(new URL(import.meta.resolve('preact/package.json').replace('package.json', 'LICENSE')), 'utf8')
await writeFile(to('LICENSES.txt'), `page.js holds Preact, https://preactjs.com\n\n${license}`)
