import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from './tone.js'

export const signs: Readonly<Record<Tone, string>> = { good: '✓', busy: '●', warn: '▲', bad: '✕', none: '○' }

type Props = Readonly<{ tone: Tone; children: ComponentChildren }>

export const State = ({ tone, children }: Props): JSX.Element => (
  <span class={`state state-${tone}`}>
    <span class="sign" aria-hidden="true">
      {signs[tone]}
    </span>
    {children}
  </span>
)
