import type { FastifyInstance } from 'fastify'

/** After the app is ready, in milliseconds: an app that has not begun to listen by then is taken for one that does not. */
const LISTENS_WITHIN = 250

/** Calls back once when the app takes requests: it listens, or it is ready and does not. `atOnce`: when it is ready. */
export function whenServing (app: FastifyInstance, { atOnce, serve }: { atOnce: boolean, serve: () => void }): void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const begin = () => {
    if (!isOver) serve()
    end()
  }
  const end = () => {
    isOver = true
    clearTimeout(timer)
  }
  app.addHook('onReady', (done) => {
    if (atOnce) begin()
    // Other hooks may still be under way, and it listens only after them.
    else rootOf(app).ready().then(() => { timer = setTimeout(begin, LISTENS_WITHIN) }, end)
    done()
  })
  app.addHook('onListen', (done) => {
    begin()
    done()
  })
  app.addHook('preClose', (done) => {
    end()
    done()
  })
}

function isInstance (object: object | null): object is FastifyInstance {
  return object !== null && 'ready' in object
}

/** In a scope of its own, `ready` is another function: one that waits for what is loaded there. */
function rootOf (app: FastifyInstance): FastifyInstance {
  const parent = Reflect.getPrototypeOf(app)
  return isInstance(parent) ? rootOf(parent) : app // each scope has the one around it as its prototype
}
