import { Component, type ErrorInfo, type ReactNode } from "react";

interface State {
  error: Error | null;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    const depth = (info.componentStack ?? "").split("\n").filter((line) => line.includes("at ")).length;
    console.warn(`caught ${error.name}: ${error.message}, under ${depth > 0 ? "some" : "no"} components`);
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <p role="alert">{error.message}</p> : this.props.children;
  }
}
