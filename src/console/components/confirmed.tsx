import type { ComponentChildren, JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { Failure } from '../frame/asking/answers.js'
import { useConsole } from '../frame/console.js'
import { problemOf, type Job } from '../frame/jobs/jobs.js'
import { Dialog } from './dialog.js'
import { Field } from './field.js'
import { JobProgress } from './job-progress.js'
import { ProblemBox } from './problem-box.js'

/**
 * A change is *asked* for, can be *tried* (a dry run: what would happen), and is *at work* once it was confirmed, until
 * it has *ended*.
 */
type Step<Result> =
  | Readonly<{ kind: 'asked'; plan?: Result }>
  | Readonly<{ kind: 'trying'; job: string }>
  | Readonly<{ kind: 'at work'; job: string }>
  | Readonly<{ kind: 'ended'; result: Result }>

type Props<Result> = Readonly<{
  title: string
  /** The verb on the button: "Promote". */
  verb: string
  path: string
  /** What is sent, without `dryRun` and `why`. `undefined`: the form is not filled yet. */
  body: Readonly<Record<string, unknown>> | undefined
  /** Has to be typed before the change is begun. */
  word?: string
  hasDryRun?: boolean
  /** The reason must be given. */
  isWhyNeeded?: boolean
  isDestructive?: boolean
  isWide?: boolean
  /** Shows what a dry run says, or what was done. */
  outcome: (result: Result, isPlan: boolean) => ComponentChildren
  onClose: () => void
  onDone?: (result: Result) => void
  children?: ComponentChildren
}>

/** A dialog for a change: a dry run first, the reason for the audit log, a word to type, and the progress of the job. */
export const Confirmed = <Result,>(props: Props<Result>): JSX.Element => {
  const { title, verb, path, body, word, hasDryRun = false, isWhyNeeded = false, outcome, onClose, children } = props
  const { api, notices } = useConsole()
  const [step, setStep] = useState<Step<Result>>({ kind: 'asked' })
  const [failure, setFailure] = useState<Failure>()
  const [why, setWhy] = useState('')
  const [typed, setTyped] = useState('')
  const [isSending, setSending] = useState(false)
  const keys = useRef<Readonly<{ text: string; key: string }> | undefined>(undefined)

  /** Sent again after an answer that did not come, the same change has the same key: it is done once. */
  const keyOf = (sent: unknown): string => {
    const text = JSON.stringify(sent)
    if (keys.current?.text !== text) keys.current = { text, key: crypto.randomUUID() }
    return keys.current.key
  }
  const ended = (result: Result, dryRun: boolean): void => {
    setStep(dryRun ? { kind: 'asked', plan: result } : { kind: 'ended', result })
    if (!dryRun) props.onDone?.(result)
  }
  const send = async (dryRun: boolean): Promise<void> => {
    const reason = why.trim()
    const sent = { ...body, ...(hasDryRun && { dryRun }), ...(reason !== '' && { why: reason }) }
    setSending(true)
    setFailure(undefined)
    const answer = await api.post<Job | Result>(path, sent, undefined, dryRun ? undefined : keyOf(sent))
    setSending(false)
    if (!answer.ok) return setFailure(answer.failure)
    if (!dryRun) keys.current = undefined
    if (isJob(answer.value)) setStep({ kind: dryRun ? 'trying' : 'at work', job: answer.value.id })
    else ended(answer.value, dryRun)
  }
  const onJobEnded =
    (dryRun: boolean) =>
    ({ state, result, problem }: Job): void => {
      if (state === 'done' && problem === undefined) return ended(result as Result, dryRun)
      setFailure({ kind: 'problem', problem: problemOf(state, problem) })
      setStep({ kind: 'asked' })
    }
  const close = (): void => {
    if (step.kind === 'at work') notices.tell(`${title} goes on. Operations, Jobs shows it.`)
    onClose()
  }

  const isReady =
    body !== undefined &&
    !isSending &&
    step.kind === 'asked' &&
    (!isWhyNeeded || why.trim() !== '') &&
    (word === undefined || typed.trim() === word)
  const actions =
    step.kind === 'ended' || step.kind === 'at work' ? (
      <button type="button" onClick={close}>
        Close
      </button>
    ) : (
      <>
        <button type="button" onClick={close}>
          Not now
        </button>
        {hasDryRun && (
          <button
            type="button"
            disabled={body === undefined || isSending || step.kind !== 'asked' || (isWhyNeeded && why.trim() === '')}
            onClick={() => void send(true)}
          >
            Dry run
          </button>
        )}
        <button
          type="button"
          class={props.isDestructive === true ? 'danger' : 'primary'}
          disabled={!isReady}
          onClick={() => void send(false)}
        >
          {verb}
        </button>
      </>
    )

  return (
    <Dialog title={title} onClose={close} actions={actions} isWide={props.isWide ?? false}>
      {(step.kind === 'asked' || step.kind === 'trying') && (
        <div class="form">
          {children}
          <Field
            label={isWhyNeeded ? 'Why' : 'Why (optional)'}
            hint="It stands in the audit log, with your name and the time."
          >
            {(ids) => (
              <input
                {...ids}
                value={why}
                maxLength={500}
                onInput={({ currentTarget }) => setWhy(currentTarget.value)}
              />
            )}
          </Field>
          {word !== undefined && (
            <Field label={`Type ${word} to confirm`}>
              {(ids) => (
                <input
                  {...ids}
                  value={typed}
                  autocomplete="off"
                  spellcheck={false}
                  onInput={({ currentTarget }) => setTyped(currentTarget.value)}
                />
              )}
            </Field>
          )}
        </div>
      )}
      {step.kind === 'trying' && <JobProgress id={step.job} title="Dry run" onEnded={onJobEnded(true)} />}
      {step.kind === 'at work' && <JobProgress id={step.job} title={title} onEnded={onJobEnded(false)} />}
      {step.kind === 'asked' && step.plan !== undefined && (
        <section class="outcome" role="status">
          <h3>Dry run: nothing was changed</h3>
          {outcome(step.plan, true)}
        </section>
      )}
      {step.kind === 'ended' && (
        <section class="outcome" role="status">
          <h3>Done</h3>
          {outcome(step.result, false)}
        </section>
      )}
      {failure !== undefined && <ProblemBox failure={failure} />}
    </Dialog>
  )
}

const isJob = (answer: unknown): answer is Job =>
  typeof answer === 'object' && answer !== null && 'operation' in answer && 'state' in answer && 'id' in answer
