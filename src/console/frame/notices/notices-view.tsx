import type { JSX } from 'preact'
import { useConsole } from '../console.js'
import { useStore } from '../store.js'

/** What was told in passing. The regions are always in the page, so that screen readers hear of what comes into them. */
export const NoticesView = (): JSX.Element => {
  const { notices } = useConsole()
  const shown = useStore(notices.shown)
  const spoken = useStore(notices.spoken)
  return (
    <>
      <div class="hidden" role="status">
        {spoken}
      </div>
      <div class="notices" role="log" aria-label="Notices">
        {shown.map(({ id, text, tone }) => (
          <div key={id} class={`notice notice-${tone}`} role={tone === 'alert' ? 'alert' : undefined}>
            <span>{text}</span>
            <button type="button" class="plain" aria-label="Dismiss" onClick={() => notices.dismiss(id)}>
              ✕
            </button>
          </div>
        ))}
      </div>
    </>
  )
}
