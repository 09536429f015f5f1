/** The gRPC status codes that are told apart here. */
const UNKNOWN = 2
const DEADLINE_EXCEEDED = 4
const PERMISSION_DENIED = 7
const ABORTED = 10
const UNAVAILABLE = 14

type RpcError = Readonly<{
  code: number
  details?: string
  metadata?: { getMap: () => Record<string, string | Buffer> }
}>

const asRpcError = (cause: unknown): RpcError | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'number'
    ? (cause as unknown as RpcError)
    : undefined

/** The trailer named `exception`, by which servers tell why they ended a call. */
export const exceptionOf = (cause: unknown): string | undefined =>
  asRpcError(cause)?.metadata?.getMap()['exception']?.toString()

/** What a call that is denied ends with, for an append that is denied by an answer. */
export const accessDenied = (): Error =>
  Object.assign(new Error('EventStoreDB: access denied'), { code: PERMISSION_DENIED })

export const isDenied = (cause: unknown): boolean => asRpcError(cause)?.code === PERMISSION_DENIED

/** The server has refused a position, at which no record begins. No version has a code of its own for that. */
export const isBadPosition = (cause: unknown): boolean =>
  /ReadAllResult: (Error|InvalidPosition)|invalid position/i.test(asRpcError(cause)?.details ?? '')

/** The server has ended a subscription whose consumer did not keep up. */
export const isTooSlow = (cause: unknown): boolean =>
  asRpcError(cause)?.code === ABORTED && /too slow/i.test(asRpcError(cause)?.details ?? '')

/**
 * The connected server has no leader or is not ready, and does not name another. The client reconnects by itself only
 * if a call fails as unavailable or the server names the leader.
 */
export const isWrongServer = (cause: unknown): boolean => {
  const error = asRpcError(cause)
  return error !== undefined && error.code === UNKNOWN && saysWrongServer(error.details ?? '')
}

export const saysWrongServer = (message: string): boolean => /no leader info|not ready/i.test(message)

/** An error that the client takes for a lost connection. */
export const lostConnection = (): Error =>
  Object.assign(new Error('EventStoreDB: the connection was given up'), { code: UNAVAILABLE, details: 'given up' })

/** The promise, or after `deadlineMs` an error saying what took too long. */
export const inTime = async <T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`EventStoreDB: ${what} took longer than ${deadlineMs} ms`), {
      code: DEADLINE_EXCEEDED,
    })
    timer = setTimeout(() => reject(error), deadlineMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
