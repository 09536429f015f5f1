import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../components/asked.js'
import { Dialog } from '../../components/dialog.js'
import { Facts } from '../../components/facts.js'
import { Instant } from '../../components/instant.js'
import { JobProgress, jobTone } from '../../components/job-progress.js'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { duration } from '../../format/duration.js'
import { count, NONE, percent } from '../../format/number.js'
import { isAtWork, type Job } from '../../frame/jobs/jobs.js'
import { useJob } from '../../frame/jobs/use-job.js'
import { useJobs } from '../../frame/jobs/use-jobs.js'
import { operationTitle } from './titles.js'

const progressText = ({ progress }: Job): string => {
  if (progress === null) return NONE
  const { done, of, unit } = progress
  return of === null || of === 0 ? `${count(done)} ${unit}` : percent(Math.min(1, done / of))
}

const lastedMs = ({ startedAt, endedAt }: Job): number | null =>
  endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt)

const columns: readonly Column<Job>[] = [
  { id: 'operation', title: 'Job', value: ({ operation }) => operationTitle(operation), isHead: true },
  {
    ...{ id: 'state', title: 'State', value: ({ state }) => state },
    cell: ({ state }) => <State tone={jobTone[state]}>{state}</State>,
  },
  { id: 'progress', title: 'Progress', align: 'end', value: progressText },
  { id: 'by', title: 'By', value: ({ by }) => by },
  {
    ...{ id: 'started', title: 'Started', value: ({ startedAt }) => startedAt },
    cell: ({ startedAt }) => <Instant at={startedAt} />,
  },
  { id: 'lasted', title: 'Lasted', align: 'end', value: lastedMs, cell: (job) => duration(lastedMs(job)) },
]

/** The long operations of this process, and of processes before it. */
export const JobsTab = (): JSX.Element => {
  const asked = useJobs()
  const [opened, setOpened] = useState<Job>()
  return (
    <section class="panel" aria-labelledby="jobs">
      <h2 id="jobs">Jobs</h2>
      <p class="quiet">
        Long operations go on when the page is closed. A job whose process died is interrupted, and can be started
        again.
      </p>
      <Shown asked={asked} what="the jobs">
        {(jobs) => (
          <Table
            {...{ caption: 'Jobs', columns, rows: jobs, keyOf: ({ id }: Job) => id, hasFilter: true }}
            onOpen={setOpened}
            empty="No job was started."
          />
        )}
      </Shown>
      {opened !== undefined && <JobDialog job={opened} onClose={() => setOpened(undefined)} />}
    </section>
  )
}

const JobDialog = ({ job, onClose }: Readonly<{ job: Job; onClose: () => void }>): JSX.Element => {
  const followed = useJob(job.id).job ?? job
  return (
    <Dialog title={operationTitle(job.operation)} onClose={onClose} isWide>
      <Facts
        of={{
          ...{ Job: <code>{job.id}</code>, By: job.by, Started: <Instant at={job.startedAt} /> },
          Ended: followed.endedAt === null ? undefined : <Instant at={followed.endedAt} />,
        }}
      />
      <JobProgress id={job.id} title={operationTitle(job.operation)} />
      {!isAtWork(followed) && followed.state === 'done' && (
        <>
          <h3>Result</h3>
          {followed.result === undefined ? (
            <p class="quiet">Results do not outlive the process that made them.</p>
          ) : (
            <pre tabIndex={0} aria-label="Result">
              {JSON.stringify(followed.result, null, 2)}
            </pre>
          )}
        </>
      )}
    </Dialog>
  )
}
