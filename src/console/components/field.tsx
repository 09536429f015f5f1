import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

type Props = Readonly<{
  label: string
  hint?: string
  children: (ids: Readonly<{ id: string; 'aria-describedby': string | undefined }>) => ComponentChildren
}>

/** A labelled control of a form, with a hint that is read with it. */
export const Field = ({ label, hint, children }: Props): JSX.Element => {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': hint === undefined ? undefined : `${id}-hint` })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
