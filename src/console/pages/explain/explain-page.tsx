import type { JSX } from 'preact'

export const Page = (): JSX.Element => <h1>Explain</h1>
