import { join } from 'node:path'
import { test } from 'tap'
import webpack from 'webpack'
import type { Configuration, Stats } from 'webpack'
import { unpack } from '../helpers/package.ts'
import { project, runBundle } from './helpers/bundle.ts'

await unpack(project, 'fastify', 'pg', 'prom-client')

async function runWebpack (configuration: Configuration): Promise<Stats | undefined> {
  return await new Promise((resolve, reject) => {
    webpack(configuration, (error, stats) => {
      if (error === null) resolve(stats)
      else reject(error)
    })
  })
}

test('webpack makes one file of an app', async (t) => {
  const stats = await runWebpack({
    context: project,
    entry: './app.js',
    target: 'node',
    mode: 'production',
    optimization: { minimize: false }, // which is most of the time it takes
    output: { path: join(project, 'webpack'), filename: 'app.cjs' }
  })
  t.equal(stats?.hasErrors(), false, stats?.toString('errors-only') ?? '')
  await runBundle(t, 'webpack', 'app.cjs')
})
