"""What the reports of `pipeline.report` and `serving.monitor` share: style, pictures, figures."""
