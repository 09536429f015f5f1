import type { JSX } from 'preact'
import { useConsole } from '../frame/console.js'

/** A command, with a button that copies it. */
export const Command = ({ text }: Readonly<{ text: string }>): JSX.Element => {
  const { notices } = useConsole()
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      notices.tell('Copied')
    } catch {
      notices.tell('The browser does not let this page copy. Mark the command and copy it yourself.', 'alert')
    }
  }
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="plain small" aria-label={`Copy ${text}`} onClick={() => void copy()}>
        Copy
      </button>
    </span>
  )
}
