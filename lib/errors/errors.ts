import { createError } from '@fastify/error'

// A refused request is the sender's doing: its stack would only name this plugin, and a flood of them should cost little.
const withoutStack = false

export const NodeTooOldError = createError<[version: string]>(
  'FST_ONEROUTE_NODE_TOO_OLD', 'fastify-oneroute-webhooks needs Node.js 22.13 or later, and this is %s', 500, Error, withoutStack)

export const InvalidOptionError = createError<[message: string]>(
  'FST_ONEROUTE_INVALID_OPTION', '%s', 500, TypeError)

export const UnknownNameError = createError<[name: string, becomes: 'ever comes' | 'is ever collected', names: string, hint: string]>(
  'FST_ONEROUTE_UNKNOWN_NAME', "Nothing called '%s' %s: there are %s, and 'unknown' stands for every name without a schema.%s", 500, TypeError)

export const NotRegisteredError = createError<[what: string]>(
  'FST_ONEROUTE_NOT_REGISTERED', 'There is no app.webhooks here: register fastify-oneroute-webhooks before %s, in the same scope or around it', 500)

export const PackageMissingError = createError<[name: string, what: string]>(
  'FST_ONEROUTE_PACKAGE_MISSING', "The package '%s' is not installed, and %s need it", 500)

export const NotAuthorizedError = createError(
  'FST_ONEROUTE_NOT_AUTHORIZED', 'You may not look here', 403, Error, withoutStack)

export const CrossSiteError = createError(
  'FST_ONEROUTE_CROSS_SITE', 'The request comes from a page of another site', 403, Error, withoutStack)

export const BadQuestionError = createError<[problem: string]>(
  'FST_ONEROUTE_BAD_QUESTION', 'This cannot be asked for: %s', 400, Error, withoutStack)

export const NoSuchEventError = createError(
  'FST_ONEROUTE_NO_SUCH_EVENT', 'There is no such event in the inbox', 404, Error, withoutStack)

export const TooManyExportsError = createError<[most: number]>(
  'FST_ONEROUTE_TOO_MANY_EXPORTS', 'There are %s exports already: begin this one when one of them has ended', 429, Error, withoutStack)

export const AddressNotAllowedError = createError(
  'FST_ONEROUTE_ADDRESS_NOT_ALLOWED', 'This address may not post webhooks', 403, Error, withoutStack)

export const BadSignatureError = createError(
  'FST_ONEROUTE_BAD_SIGNATURE', 'The request has no valid signature', 401, Error, withoutStack)

export const BodyTooLargeError = createError(
  'FST_ONEROUTE_BODY_TOO_LARGE', 'The body is larger than this route accepts', 413, Error, withoutStack)

export const UnsupportedEncodingError = createError(
  'FST_ONEROUTE_UNSUPPORTED_ENCODING', 'The body is compressed or encoded in another way, and must not be', 415, Error, withoutStack)

export const EmptyBodyError = createError(
  'FST_ONEROUTE_EMPTY_BODY', 'The body is empty', 400, Error, withoutStack)

export const InvalidJsonError = createError(
  'FST_ONEROUTE_INVALID_JSON', 'The body is not JSON in UTF-8', 400, Error, withoutStack)

export const NoEventNameError = createError(
  'FST_ONEROUTE_NO_EVENT_NAME', "The body is not an object with a string 'event' that names it", 400, Error, withoutStack)

export const InvalidEventError = createError<[problems: string]>(
  'FST_ONEROUTE_INVALID_EVENT', 'The event is not of its schema: %s', 400, Error, withoutStack)

export const KeyError = createError(
  'FST_ONEROUTE_KEY', "The 'key' option must return a string, null or undefined, and not throw", 500)

export const LaneError = createError(
  'FST_ONEROUTE_LANE', "The 'lane' option must return a string, null or undefined, and not throw", 500)

export const CompleteInError = createError<[problem: string]>(
  'FST_ONEROUTE_COMPLETE_IN', '`completeIn` cannot be used here: %s', 500)

export const CollectError = createError(
  'FST_ONEROUTE_COLLECT', '`collect` needs a durable inbox that can keep what waits, such as `sqliteInbox` or `postgresInbox`', 500, TypeError)

export const DeliveryLostError = createError(
  'FST_ONEROUTE_DELIVERY_LOST', 'This delivery does not count any more: the event was taken over by another process, or removed, or this listener is through with it already', 500)

export const ListenerTimeoutError = createError<[milliseconds: number]>(
  'FST_ONEROUTE_LISTENER_TIMEOUT', 'The listener took longer than %s ms', 500)

/** Of JavaScript's dates. */
const LAST_TIME = 8.64e15

/** A listener throws it to say: never again. The event is dead at once, or once its other listeners are through. */
export class NonRetriableError extends createError<[message: string]>('FST_ONEROUTE_NON_RETRIABLE', '%s', 500) {
  constructor (message = 'this is not to be tried again', options: ErrorOptions = {}) {
    super(message)
    if ('cause' in options) this.cause = options.cause
  }
}

/** A listener throws it to say: not before. `when` is a delay in milliseconds, or a date. */
export class RetryAfterError extends createError<[message: string]>('FST_ONEROUTE_RETRY_AFTER', '%s', 500) {
  readonly retryAt: Date

  constructor (when: number | Date, message = 'this is to be tried again later', options: ErrorOptions = {}) {
    super(message)
    this.retryAt = when instanceof Date ? when : new Date(Math.min(Date.now() + when, LAST_TIME))
    if ('cause' in options) this.cause = options.cause
  }
}

export const ProcessEndedError = createError(
  'FST_ONEROUTE_PROCESS_ENDED', 'the process ended while it was being delivered', 500, Error, withoutStack)

export const ListenerFailedError = createError<[listener: string]>(
  'FST_ONEROUTE_LISTENER_FAILED', "The listener '%s' failed", 500)

export const NotDeliveredError = createError(
  'FST_ONEROUTE_NOT_DELIVERED', 'The event was received, but could not be handled', 500, Error, withoutStack)

export const BacklogFullError = createError(
  'FST_ONEROUTE_BACKLOG_FULL', 'Too many events are waiting', 503, Error, withoutStack)

export const InboxUnavailableError = createError(
  'FST_ONEROUTE_INBOX_UNAVAILABLE', 'Events cannot be stored at the moment', 503)

export const InboxLockedError = createError<[path: string, waited: number]>(
  'FST_ONEROUTE_INBOX_LOCKED', "The inbox '%s' is in use, after a wait of %s ms: a file is for one process and one inbox at a time", 500)

export const InboxUnusableError = createError<[path: string, reason: string]>(
  'FST_ONEROUTE_INBOX_UNUSABLE', "The inbox '%s' cannot be used: %s", 500)

export const ClosingError = createError(
  'FST_ONEROUTE_CLOSING', 'The server is closing', 503, Error, withoutStack)

export interface CodedError extends Error {
  code: string
  statusCode: number
}

/** Whether an error is one of those above. */
export function isCoded (error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_ONEROUTE_') &&
    'statusCode' in error && typeof error.statusCode === 'number'
}
