import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Command } from '../../components/command.js'
import { Instant } from '../../components/instant.js'
import { JobProgress } from '../../components/job-progress.js'
import { ProblemBox } from '../../components/problem-box.js'
import { State } from '../../components/state.js'
import type { Tone } from '../../components/tone.js'
import { Table, type Column } from '../../components/table.js'
import { counted } from '../../format/number.js'
import type { Failure } from '../../frame/asking/answers.js'
import { useConsole } from '../../frame/console.js'
import { isAtWork, type Job } from '../../frame/jobs/jobs.js'
import { useJob } from '../../frame/jobs/use-job.js'
import { useJobs } from '../../frame/jobs/use-jobs.js'

/** One thing that was looked at: `POST …/examinations`. */
type Check = Readonly<{
  area: string
  what: string
  state: 'ok' | 'warning' | 'failure'
  says: string
  mend?: string
}>
type Examination = Readonly<{ failures: number; warnings: number; checks: readonly Check[] }>

const tones: Readonly<Record<Check['state'], Tone>> = { ok: 'good', warning: 'warn', failure: 'bad' }
const weights: Readonly<Record<Check['state'], number>> = { failure: 0, warning: 1, ok: 2 }

const columns: readonly Column<Check>[] = [
  {
    ...{ id: 'state', title: 'State', value: ({ state }) => weights[state] },
    cell: ({ state }) => <State tone={tones[state]}>{state}</State>,
  },
  { id: 'area', title: 'Area', value: ({ area }) => area },
  { id: 'what', title: 'What', value: ({ what }) => what, isHead: true },
  { id: 'says', title: 'Finding', value: ({ says }) => says, cell: ({ says }) => <span class="notes">{says}</span> },
  {
    ...{ id: 'mend', title: 'What mends it', value: ({ mend }) => mend },
    cell: ({ mend }) => (mend === undefined ? '' : <Mend text={mend} />),
  },
]

const Mend = ({ text }: Readonly<{ text: string }>): JSX.Element =>
  text.startsWith('streamvane ') ? <Command text={text} /> : <span class="notes">{text}</span>

/** What `streamvane doctor` finds, with what mends it. */
export const DoctorTab = (): JSX.Element => {
  const { api } = useConsole()
  const jobs = useJobs()
  const [failure, setFailure] = useState<Failure>()
  const latest = jobs.value?.find(({ operation }) => operation === 'examine')
  const { job } = useJob(latest?.id)
  const isBusy = latest !== undefined && isAtWork(latest) && (job === undefined || isAtWork(job))
  const examine = async (): Promise<void> => {
    const answer = await api.post<Job>('/examinations')
    setFailure(answer.ok ? undefined : answer.failure)
    jobs.reload()
  }
  return (
    <section class="panel" aria-labelledby="doctor">
      <header>
        <h2 id="doctor">Doctor</h2>
        <button type="button" class="primary" disabled={isBusy} onClick={() => void examine()}>
          Examine now
        </button>
      </header>
      <p class="quiet">
        Looks at configuration, log, clock, derived files, disk, lag, broker and registry. It changes nothing.
      </p>
      {failure !== undefined && <ProblemBox failure={failure} />}
      {latest === undefined && jobs.value !== undefined && <p>Nothing was examined since the process started.</p>}
      {isBusy && <JobProgress id={latest.id} title="Examination" onEnded={jobs.reload} />}
      {job?.state === 'failed' && <JobProgress id={job.id} title="Examination" />}
      {job?.state === 'done' && <Findings job={job} />}
    </section>
  )
}

const Findings = ({ job }: Readonly<{ job: Job }>): JSX.Element => {
  if (job.result === undefined) return <p>The last examination was made by a process that has ended. Examine again.</p>
  const { failures, warnings, checks } = job.result as Examination
  return (
    <>
      <p role="status">
        <State tone={failures > 0 ? 'bad' : warnings > 0 ? 'warn' : 'good'}>
          {failures + warnings === 0
            ? 'Nothing is amiss'
            : `${counted(failures, 'failure')}, ${counted(warnings, 'warning')}`}
        </State>{' '}
        <span class="quiet">
          examined <Instant at={job.endedAt} />
        </span>
      </p>
      <Table
        {...{ caption: 'Findings', columns, rows: checks, keyOf: ({ area, what }: Check) => `${area} ${what}` }}
        order={{ column: 'state', direction: 'ascending' }}
      />
    </>
  )
}
