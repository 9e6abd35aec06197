import tap from 'tap'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { listing } from '../listing.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const pool = openPool(tap, url)

listing('postgresInbox', async (t) => {
  const schema = newSchema()
  return {
    inbox: await openInbox(t, { connectionString: url, schema }),
    damage: async (id, body) => {
      await pool.query(`UPDATE "${schema}".events SET body = $2 WHERE id = $1`, [idBytes(id), body])
    }
  }
})
