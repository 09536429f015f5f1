import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

type Props = Readonly<{
  title: string
  onClose: () => void
  children: ComponentChildren
  /** Buttons at its end. */
  actions?: ComponentChildren
  isWide?: boolean
}>

/** A modal dialog. The browser keeps the focus in it, closes it on Escape, and gives the focus back. */
export const Dialog = ({ title, onClose, children, actions, isWide = false }: Props): JSX.Element => {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const { current } = dialog
    const before = document.activeElement
    current?.showModal()
    return () => {
      current?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={isWide ? 'wide' : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={({ target }) => target === dialog.current && onClose()}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="plain" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        </div>
        {children}
        {actions !== undefined && <div class="dialog-foot">{actions}</div>}
      </div>
    </dialog>
  )
}
