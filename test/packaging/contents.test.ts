import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import tap, { test } from 'tap'
import { manifestOf, root, temporaryDirectory, unpack } from '../helpers/package.ts'
import { links } from '../helpers/pages.ts'

const project = temporaryDirectory(tap)
const { name, bin } = manifestOf(root)
const files = await unpack(project)

test('what is published is the compiled sources, the pages with their pictures, the examples and LICENSE', async (t) => {
  const compiled = globSync(['index.ts', 'lib/**/*.ts'], { cwd: root })
    .flatMap((source) => [source.replace(/\.ts$/, '.js'), source.replace(/\.ts$/, '.d.ts')])
    .map((file) => `dist/${file}`)
  const pages = globSync(['*.md', 'docs/**/*.*', 'examples/**/*.*'], { cwd: root })
    .filter((file) => !file.startsWith('examples/data/')) // where `npm start` keeps its events
  t.same(files.toSorted(), ['LICENSE', 'package.json', ...compiled, ...pages].toSorted(),
    'run `npm run build` if dist is not what the sources say')
})

test('every link and every picture of a page that is published leads to a file that is published, too', async (t) => {
  const published = join(project, 'node_modules', name)
  const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: published })
  t.ok(pages.length > 10)
  for (const page of pages) {
    for (const link of links(readFileSync(join(published, page), 'utf8'))) {
      const [path = ''] = link.split('#')
      if (path !== '') t.ok(existsSync(join(published, dirname(page), path)), `${page}: ${link}`)
    }
  }
})

test('its command is named as the package is: under another name npx would ask for another package', async (t) => {
  t.same(Object.keys(bin), [name])
})
