import { askNumber } from './ask.ts'

/** The server counts what a connection did when that ends, and before that only now and then. */
export async function othersAreGone (url: string) {
  const others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
  while (await askNumber(url, others) > 0);
}
