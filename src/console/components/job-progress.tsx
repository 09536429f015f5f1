import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../frame/asking/answers.js'
import { useConsole } from '../frame/console.js'
import { isAtWork, problemOf, type Job, type JobState } from '../frame/jobs/jobs.js'
import { useJob } from '../frame/jobs/use-job.js'
import { duration } from '../format/duration.js'
import { count, percent, rate } from '../format/number.js'
import { ProblemBox } from './problem-box.js'
import { State } from './state.js'
import type { Tone } from './tone.js'

export const jobTone: Readonly<Record<JobState, Tone>> = {
  ...{ running: 'busy', cancelling: 'busy', done: 'good', failed: 'bad', cancelled: 'warn', interrupted: 'warn' },
}

type Props = Readonly<{
  id: string
  /** What it does, for people: "Rebuild". */
  title: string
  onEnded?: (job: Job) => void
}>

/** A job with its progress, rate and time left, until it has ended; it can be cancelled by those who may start it. */
export const JobProgress = ({ id, title, onEnded }: Props): JSX.Element => {
  const { job, failure } = useJob(id)
  const { notices } = useConsole()
  useEffect(() => {
    if (job === undefined || isAtWork(job)) return
    notices.speak(`${title}: ${job.state}`)
    onEnded?.(job)
  }, [job?.state])
  if (failure !== undefined) return <ProblemBox failure={failure} />
  if (job === undefined) return <p class="quiet">{title}: starting …</p>
  return (
    <div class="job">
      <div class="job-line">
        <span>{title}</span> <State tone={jobTone[job.state]}>{job.state}</State>
        {isAtWork(job) && <CancelButton job={job} />}
      </div>
      {isAtWork(job) && <Bar job={job} title={title} />}
      {!isAtWork(job) && job.state !== 'done' && (
        <ProblemBox failure={{ kind: 'problem', problem: problemOf(job.state, job.problem) }} />
      )}
    </div>
  )
}

const Bar = ({ job: { progress }, title }: Readonly<{ job: Job; title: string }>): JSX.Element => {
  const part = progress?.of == null || progress.of === 0 ? undefined : Math.min(1, progress.done / progress.of)
  return (
    <>
      <progress aria-label={`Progress of ${title}`} max={1} value={part} />
      <p class="quiet numbers">
        {progress === null
          ? 'at work'
          : [
              part === undefined ? undefined : percent(part),
              `${count(progress.done)}${progress.of === null ? '' : ` of ${count(progress.of)}`} ${progress.unit}`,
              rate(progress.ratePerS),
              progress.leftS === null ? undefined : `${duration(progress.leftS * 1_000)} left`,
            ]
              .filter(Boolean)
              .join(' · ')}
      </p>
    </>
  )
}

/** Cancels a job: it stops at the next place where nothing is left half done. */
export const CancelButton = ({ job }: Readonly<{ job: Job }>): JSX.Element | null => {
  const { api, notices } = useConsole()
  const [failure, setFailure] = useState<Failure>()
  const cancel = async (): Promise<void> => {
    const answer = await api.call<Job>('DELETE', `/jobs/${encodeURIComponent(job.id)}`)
    if (answer.ok) notices.tell('Told to stop. It ends where nothing is left half done.')
    else setFailure(answer.failure)
  }
  return (
    <>
      <button type="button" disabled={job.state !== 'running'} onClick={() => void cancel()}>
        Cancel
      </button>
      {failure !== undefined && <ProblemBox failure={failure} />}
    </>
  )
}
