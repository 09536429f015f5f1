import type { ComponentChildren, JSX } from 'preact'

/** Names with their values. Values that are `undefined` are left out. */
export const Facts = ({ of }: Readonly<{ of: Readonly<Record<string, ComponentChildren>> }>): JSX.Element => (
  <dl class="facts">
    {Object.entries(of).flatMap(([name, value]) =>
      value === undefined ? [] : [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>],
    )}
  </dl>
)
