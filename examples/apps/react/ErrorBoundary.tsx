import { Component } from 'react';
import type { ReactNode } from 'react';
import { messageOf } from '../shared/words.ts';

interface State {
  readonly failure?: { readonly error: unknown } | undefined;
}

/** What a task of a component below throws arrives here, as what a render throws does. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = {};

  static getDerivedStateFromError(error: unknown): State {
    return { failure: { error } };
  }

  override render() {
    const { failure } = this.state;
    if (failure === undefined) return this.props.children;
    return (
      <p className="error" role="alert">
        {messageOf(failure.error)}
        <button onClick={() => this.setState({ failure: undefined })}>Try again</button>
      </p>
    );
  }
}
