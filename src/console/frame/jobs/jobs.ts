import type { Api } from '../asking/api.js'
import type { Answer, Problem } from '../asking/answers.js'
import { EventReader } from '../asking/event-stream.js'

export type JobState = 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled' | 'interrupted'

/** A job as `GET /v1/jobs/{id}` answers it. Instants are ISO 8601 in UTC. */
export type Job = Readonly<{
  id: string
  operation: string
  tenant: string
  by: string
  state: JobState
  startedAt: string
  endedAt: string | null
  progress: Readonly<{ done: number; of: number | null; unit: string; ratePerS: number; leftS: number | null }> | null
  result?: unknown
  problem?: unknown
}>

export const isAtWork = ({ state }: Job): boolean => state === 'running' || state === 'cancelling'

const ASK_AGAIN_MS = 2_000

/** Follows a job until it has ended. Where its events break off it is asked for again. Returns how it ended. */
export const followed = async (
  api: Api,
  id: string,
  onChange: (job: Job) => void,
  signal: AbortSignal,
  askAgainMs = ASK_AGAIN_MS,
): Promise<Answer<Job>> => {
  for (;;) {
    const seen = await followedOnce(api, id, onChange, signal)
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, askAgainMs))
    if (signal.aborted) return { ok: false, failure: { kind: 'unreachable' } }
  }
}

/** `undefined`: it was cut off before the end. */
const followedOnce = async (
  api: Api,
  id: string,
  onChange: (job: Job) => void,
  signal: AbortSignal,
): Promise<Answer<Job> | undefined> => {
  const answer = await api.events(`/jobs/${encodeURIComponent(id)}/events`, {}, signal)
  if (!answer.ok) return answer.failure.kind === 'unreachable' && !signal.aborted ? undefined : answer
  try {
    const reader = new EventReader()
    const pieces = answer.value.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const piece = await pieces?.read()
      if (piece === undefined || piece.done) return undefined
      for (const { event, data } of reader.read(piece.value)) {
        const job = JSON.parse(data) as Job
        onChange(job)
        if (event === 'ended') return { ok: true, value: job }
      }
    }
  } catch {
    return undefined
  }
}

/** Starts a job of the admin API and waits for its end: for what a page shows once, such as an explanation. */
export const finished = async <T>(
  api: Api,
  path: string,
  body: unknown,
  signal: AbortSignal,
  onChange: (job: Job) => void = () => undefined,
): Promise<Answer<T>> => {
  const begun = await api.post<Job>(path, body, signal)
  if (!begun.ok) return begun
  const ended = await followed(api, begun.value.id, onChange, signal)
  if (!ended.ok) return ended
  const { state, result, problem } = ended.value
  if (state === 'done' && problem === undefined) return { ok: true, value: result as T }
  return { ok: false, failure: { kind: 'problem', problem: problemOf(state, problem) } }
}

/** Why a job has no result. */
export const problemOf = (state: JobState, problem: unknown): Problem =>
  problem === undefined || problem === null
    ? { title: `the job was ${state}`, detail: 'start it again if its result is needed' }
    : (problem as Problem)
