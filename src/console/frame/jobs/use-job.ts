import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../asking/answers.js'
import { useConsole } from '../console.js'
import { followed, type Job } from './jobs.js'

export type FollowedJob = Readonly<{ job: Job | undefined; failure: Failure | undefined }>

/** A job, followed while the component is shown. `id` undefined: none. */
export const useJob = (id: string | undefined): FollowedJob => {
  const { api } = useConsole()
  const [state, setState] = useState<FollowedJob>({ job: undefined, failure: undefined })
  useEffect(() => {
    setState({ job: undefined, failure: undefined })
    if (id === undefined) return
    const gone = new AbortController()
    const onChange = (job: Job): void => {
      if (!gone.signal.aborted) setState({ job, failure: undefined })
    }
    void followed(api, id, onChange, gone.signal).then((answer) => {
      if (!gone.signal.aborted && !answer.ok) setState(({ job }) => ({ job, failure: answer.failure }))
    })
    return () => gone.abort()
  }, [api, id])
  return state
}
