import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Confirmed } from '../../../components/confirmed.js'
import { Dialog } from '../../../components/dialog.js'
import { Facts } from '../../../components/facts.js'
import { Instant } from '../../../components/instant.js'
import { State } from '../../../components/state.js'
import { bytes, count, NONE, percent } from '../../../format/number.js'
import { useMay } from '../../../frame/console.js'
import { doneOf, phaseTone, type Generation } from './generation.js'
import { SwitchDialog } from './switch-dialog.js'

type Props = Readonly<{ generation: Generation; onClose: () => void; onDone: () => void }>

/** One generation, and what can be done with it. */
export const GenerationDialog = ({ generation, onClose, onDone }: Props): JSX.Element => {
  const may = useMay('change')
  const [chosen, setChosen] = useState<'promote' | 'retire' | 'resume'>()
  const { name, phase } = generation
  if (chosen === 'promote') return <SwitchDialog {...{ kind: 'promote', name, onClose, onDone }} />
  if (chosen === 'retire') return <RetireDialog {...{ generation, onClose, onDone }} />
  if (chosen === 'resume')
    return (
      <Confirmed<Readonly<{ generation: string; intervals: number; different: number }>>
        title={`Go on with ${name}`}
        verb="Go on"
        path="/generations"
        {...{ body: { resume: name }, onClose, onDone }}
        outcome={(outcome) => (
          <p>
            {outcome.generation} is complete: {count(outcome.different)} of {count(outcome.intervals)} intervals differ.
          </p>
        )}
      >
        <p>It is computed from behind its last checkpoint, with the profile and the scope that it began with.</p>
      </Confirmed>
    )
  const actions = may && (phase === 'complete' || phase === 'incomplete') && (
    <>
      <button type="button" class="danger" onClick={() => setChosen('retire')}>
        Retire …
      </button>
      {phase === 'complete' ? (
        <button type="button" class="primary" onClick={() => setChosen('promote')}>
          Promote …
        </button>
      ) : (
        <button type="button" class="primary" onClick={() => setChosen('resume')}>
          Go on …
        </button>
      )}
    </>
  )
  return (
    <Dialog title={`Generation ${name}`} onClose={onClose} actions={actions || undefined} isWide>
      <GenerationFacts generation={generation} />
      <h3>Profile</h3>
      <pre tabIndex={0} aria-label="Profile">
        {JSON.stringify(generation.profile, null, 2)}
      </pre>
    </Dialog>
  )
}

const GenerationFacts = ({ generation }: Readonly<{ generation: Generation }>): JSX.Element => {
  const { phase, startedAt, promoted, retired, position, head, projectionVersion, scoped } = generation
  return (
    <Facts
      of={{
        State: <State tone={phaseTone[phase]}>{phase}</State>,
        Started: <Instant at={startedAt} />,
        'Raw log': `${position ?? NONE} of ${head ?? NONE} (${percent(doneOf(generation))})`,
        Projection: `version ${projectionVersion}`,
        Disk: bytes(generation.bytes),
        Rows: scoped === undefined ? undefined : `${JSON.stringify(scoped.scope)}, the others as in ${scoped.base}`,
        Promoted:
          promoted === null ? undefined : (
            <>
              <Instant at={promoted.at} /> {told(promoted)}
            </>
          ),
        Retired:
          retired === null ? undefined : (
            <>
              <Instant at={retired.at} /> {told(retired)}
            </>
          ),
      }}
    />
  )
}

const told = ({ by, why }: Readonly<{ by?: string; why?: string }>): string =>
  `${by === undefined ? '' : `by ${by}`}${why === undefined ? '' : `: ${why}`}`

type Retirement = Readonly<{ dryRun: boolean; name: string; bytes: number }>

const RetireDialog = ({ generation: { name }, onClose, onDone }: Props): JSX.Element => {
  const [force, setForce] = useState(false)
  return (
    <Confirmed<Retirement>
      title={`Retire ${name}`}
      verb="Retire"
      path={`/generations/${name}/retire`}
      body={{ force }}
      {...{ word: name, hasDryRun: true, isDestructive: true, onClose, onDone }}
      outcome={(outcome, isPlan) => (
        <p>
          {bytes(outcome.bytes)} {isPlan ? 'would be' : 'are'} free on the disk.
        </p>
      )}
    >
      <p>Its rows and its state are deleted. It stays in the list, and its name is not used again.</p>
      <label class="check">
        <input type="checkbox" checked={force} onChange={({ currentTarget }) => setForce(currentTarget.checked)} />
        Also if a rollback would need it
      </label>
    </Confirmed>
  )
}
