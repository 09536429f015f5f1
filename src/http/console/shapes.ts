/** What the console asks the server for besides the operations of the admin API. It imports these types alone. */

export type Role = 'viewer' | 'operator' | 'auditor'

/** Who is signed in: `GET /v1/session`, and the answer of `POST /v1/session`. Instants are ISO 8601 in UTC. */
export type SessionView = Readonly<{
  kind: 'token' | 'oidc' | 'local'
  name: string
  roles: readonly Role[]
  /** The tenant that this process serves. */
  tenant: string
  /** Nothing can be changed here: `streamvane console`. */
  isReadOnly: boolean
  /** Of the program. */
  version: string
  /** When the session ends whatever happens, and how long it may be unused. */
  endsAt: string
  idleMaxS: number
}>

/** How somebody may sign in besides by a token: `GET /v1/session/ways`. `issuer`: at this OpenID Connect issuer. */
export type SignInWays = Readonly<{ issuer: string | null }>

/**
 * Why a sign-in at the issuer failed; stands in the address of the sign-in page.
 *
 * - `denied`: the issuer sent the person back without a code
 * - `not-accepted`: its answer does not belong to the sign-in, or is no valid ID token for us
 * - `away`: it could not be asked
 * - `overdue`: this browser did not begin it here, or took too long
 * - `no-role`: the person has no role here, or is for other tenants
 */
export type SignInFailure = 'denied' | 'not-accepted' | 'away' | 'overdue' | 'no-role'

/** As `streamvane status` says it: src/app/operations/status/report.ts. */
export type FlowState = 'working' | 'idle' | 'behind' | 'paused' | 'stalled' | 'refused' | 'unreachable'

type Since<Name extends string> = Readonly<{ [K in Name]: string }> & Readonly<{ since: string }>

/** `null`: not known, or not there. */
export type FlowStage = Readonly<{
  /** `ingress`, `projector`, `projector <generation>`, `egress`, `egress.<sink>`, `feed.<name>`, `audit`, … */
  stage: string
  kind: 'ingress' | 'projector' | 'egress' | 'feed' | 'other'
  state: FlowState
  /** Since when it is in that state, or in the trouble that it says. */
  since: string | null
  /** Events a second, over the last seconds: stored (ingress), folded (projector), published (egress). */
  ratePerS: number | null
  lagEvents: number | null
  lagIsAtLeast?: true
  lagMs: number | null
  lastCommit: string | null
  /** As `/readyz` says them; `silent`: its process, which is not this one, gives no sign of life. */
  troubles: readonly Since<'trouble'>[]
  alarms: readonly Since<'alarm'>[]
  figures: Readonly<Record<string, number>>
  details: Readonly<Record<string, string>>
  /** Of an ingress that reads from other systems, by name. */
  sources: Readonly<
    Record<
      string,
      Readonly<{
        state: 'connecting' | 'connected' | 'paused' | 'ended'
        since: string
        lag?: Readonly<{ events?: number; seconds?: number }>
      }>
    >
  >
  /** Where an egress publishes to: the kind of sink, and a place that people know it by. */
  destination: Readonly<{ name: string; use: string; place: string }> | null
  /** What a person should know, and what to do about it: a command or a setting. */
  says: string | null
  mend: string | null
}>

/** The state of the whole flow: data of the event `flow`, at most once a second. */
export type Flow = Readonly<{
  at: string
  tenant: string
  version: string
  /** `read-only`: the console over a folder; stages are seen from outside. */
  mode: 'run' | 'read-only'
  /** Does nothing need a look? */
  well: boolean
  log: Readonly<{
    kind: 'embedded' | 'eventstoredb'
    state: 'well' | 'empty' | 'unreachable'
    position: string | null
    says: string | null
  }>
  /** `tickedAt`: when the frontier was last seen to move. */
  clock: Readonly<{ frontier: string | null; behindMs: number | null; tickedAt: string | null }>
  /** In the order of the flow. */
  stages: readonly FlowStage[]
  generations: readonly Readonly<{
    name: string
    state: 'live' | 'warming' | 'earlier'
    startedAt: string
    /** Of the raw log, 0 to 1. */
    done: number | null
  }>[]
  /** The KPI stream of the live generation: its last revision, and its events a second. */
  kpi: Readonly<{ generation: string; revision: number; ratePerS: number | null }> | null
  /** Base intervals of the live generation that have provisional rows. */
  openIntervals: number | null
  deadLetters: number
  /** Bytes. */
  disk: Readonly<{ dataBytes: number; freeBytes: number; sizeBytes: number }> | null
}>

/**
 * Data of the event `rows`: rows that the projector has appended since, in order, each as the items of `GET …/rows`
 * (its latest revision within the batch).
 */
export type LiveRows = Readonly<{ generation: string; rows: readonly Readonly<Record<string, unknown>>[] }>

/**
 * Data of the event `reload`: rows were left out, so read them again by `GET …/rows`. `generation`: another one is live
 * now; `gap`: too many since the last event that was seen; `slow`: this reader did not take them in time.
 */
export type LiveReload = Readonly<{ because: 'generation' | 'gap' | 'slow'; generation: string | null }>
