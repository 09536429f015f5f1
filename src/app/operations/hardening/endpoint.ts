import type { Endpoint } from '../../config/tls-schema.js'

/** An endpoint of a running process, as it is looked at from outside. */
export type EndpointSeen = Readonly<{
  endpoint: Endpoint
  /** As `https://127.0.0.1:8080`, without a path. */
  url: string
  /** Whether other machines can connect. */
  isReachable: boolean
  /** Whether TLS is configured. */
  isTls: boolean
  /** What it must not give to somebody without a token. */
  guarded: readonly Guarded[]
  /** A path that answers everybody with 200, and one that nothing is at. */
  open: string
  /** Whether it serves the pages of the console. */
  hasConsole: boolean
}>

export type Guarded = Readonly<{ method: string; path: string }>

/** How long an answer, and the end of a connection that says nothing, is waited for. */
export type Patience = Readonly<{ answerMs: number; slowMs: number }>
