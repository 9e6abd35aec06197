import { PackageMissingError } from '../../errors/errors.ts'

/** Of prom-client, no more than this is used. */
export type PromClient = Pick<typeof import('prom-client'), 'Counter' | 'Gauge' | 'Histogram' | 'register'>

/** Brings prom-client, if it is installed. */
export async function loadPromClient (load: () => Promise<{ default: PromClient }> = async () => await import('prom-client')): Promise<PromClient> {
  try {
    return (await load()).default
  } catch {
    throw new PackageMissingError('prom-client', 'the metrics')
  }
}
