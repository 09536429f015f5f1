/** gRPC status codes of a server that does not let this process in: PERMISSION_DENIED, UNAUTHENTICATED. */
const KEPT_OUT: ReadonlySet<unknown> = new Set([7, 16])

/**
 * The server does not know this user, or does not let it do this. Such a failure does not pass by itself: an operator
 * has to give other credentials, or rights.
 */
export const isKeptOut = (cause: unknown): boolean =>
  cause instanceof Error && (KEPT_OUT.has((cause as { code?: unknown }).code) || isKeptOut(cause.cause))
