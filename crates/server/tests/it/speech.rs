//! A model that cannot be the right one is refused when the worker starts, not when somebody waits for an answer.

use server::{App, Roles};

use crate::house;

#[tokio::test]
async fn a_wrong_model_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.bin");
    std::fs::write(&model, b"<html>not found</html>").unwrap();
    let model = model.display().to_string();
    let named = [
        ("speech.engine", "embedded"),
        ("speech.model_path", model.as_str()),
    ];

    let refused = App::build(house::settings(folder.path(), &named), Roles::BOTH).await;
    let problem = format!("{:#}", refused.expect_err("a page is no model"));
    assert!(
        problem.contains("gramophone models list"),
        "it says what to do: {problem}"
    );

    // Who only takes messages in does not need it.
    App::build(house::settings(folder.path(), &named), Roles::SERVE)
        .await
        .expect("a server without a worker starts");
}
