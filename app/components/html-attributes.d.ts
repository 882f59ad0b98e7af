import 'react'

// React 18 passes these on as they are written, in lower case and with string values; its types do not know them yet.
declare module 'react' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merging needs the same type parameter
  interface HTMLAttributes<T> {
    popover?: 'auto'
  }
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merging needs the same type parameter
  interface ButtonHTMLAttributes<T> {
    popovertarget?: string
  }
}
