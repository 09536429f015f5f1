import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Shown } from '../../../components/asked.js'
import { Dialog } from '../../../components/dialog.js'
import { Facts } from '../../../components/facts.js'
import { Instant } from '../../../components/instant.js'
import { State } from '../../../components/state.js'
import { bytes } from '../../../format/number.js'
import { useConsole, useMay } from '../../../frame/console.js'
import { useAnswer } from '../../../frame/asking/use-answer.js'
import { DiscardDialog, RetryDialog } from './decision-dialogs.js'
import { letterTone, textOf, type Letter, type LetterWithBytes } from './letter.js'

type Props = Readonly<{ letter: Letter; onClose: () => void; onDecided: () => void }>

/** One dead letter: why, what to do about it, and its bytes for those who may see them. */
export const LetterDialog = ({ letter, onClose, onDecided }: Props): JSX.Element => {
  const mayChange = useMay('change')
  const maySeeBytes = useMay('evidence')
  const [deciding, setDeciding] = useState<'retry' | 'discard'>()
  const { id, state, decision } = letter
  const filter = { ids: [id] }
  if (deciding === 'retry') return <RetryDialog {...{ filter, onClose, onDone: onDecided }} />
  if (deciding === 'discard') return <DiscardDialog {...{ filter, onClose, onDone: onDecided }} />
  const actions = mayChange && state !== 'retried' && (
    <>
      {state === 'open' && (
        <button type="button" onClick={() => setDeciding('discard')}>
          Discard …
        </button>
      )}
      <button
        type="button"
        class="primary"
        disabled={!letter.retry}
        title={letter.retry ? undefined : 'It cannot be retried: see what to do'}
        onClick={() => setDeciding('retry')}
      >
        Retry …
      </button>
    </>
  )
  return (
    <Dialog title={`Dead letter: ${letter.reason}`} onClose={onClose} actions={actions || undefined} isWide>
      <Facts
        of={{
          'What it means': letter.meaning,
          'What to do': letter.remedy,
          Detail: letter.detail,
          State: <State tone={letterTone[state]}>{state}</State>,
          Decision: decision === undefined ? undefined : [decision.by, decision.why].filter(Boolean).join(': '),
          Received: <Instant at={letter.receivedAt} />,
          Stage: letter.stage,
          Origin: letter.origin,
          Topic: letter.topic,
          Size: bytes(letter.bytes),
          Id: <code>{id}</code>,
        }}
      />
      {maySeeBytes ? (
        <Bytes id={id} />
      ) : (
        <p class="quiet">
          Its bytes may hold personal data: auditors see them, here or with streamvane deadletter show.
        </p>
      )}
    </Dialog>
  )
}

const Bytes = ({ id }: Readonly<{ id: string }>): JSX.Element => {
  const { api } = useConsole()
  const asked = useAnswer(id, (signal) =>
    api.get<LetterWithBytes>(`/dead-letters/${encodeURIComponent(id)}`, {}, signal),
  )
  return (
    <>
      <h3>As it came</h3>
      <Shown asked={asked} what="its bytes">
        {({ rawBase64 }) => (
          <pre tabIndex={0} aria-label="As it came">
            {textOf(rawBase64)}
          </pre>
        )}
      </Shown>
    </>
  )
}
