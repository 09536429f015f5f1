import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Instant } from '../../components/instant.js'
import { count } from '../../format/number.js'
import type { RawEvent } from './answers.js'

const AT_ONCE = 50

/** The raw events behind the points, as they were received. */
export const RawView = ({ raw }: Readonly<{ raw: readonly RawEvent[] }>): JSX.Element => {
  const [shown, setShown] = useState(AT_ONCE)
  return (
    <section class="panel">
      <h2>Raw events ({count(raw.length)})</h2>
      {raw.slice(0, shown).map((event) => (
        <details key={event.position} class="raw-event">
          <summary>
            <span class="mono">{event.position}</span> {event.type}{' '}
            {event.receivedAt !== null && (
              <span class="quiet">
                received <Instant at={event.receivedAt} />
              </span>
            )}{' '}
            <span class="mono quiet">{event.stream}</span>
          </summary>
          <pre tabIndex={0}>{event.data}</pre>
        </details>
      ))}
      {raw.length > shown && (
        <button type="button" onClick={() => setShown(shown + AT_ONCE)}>
          {count(raw.length - shown)} more
        </button>
      )}
    </section>
  )
}
