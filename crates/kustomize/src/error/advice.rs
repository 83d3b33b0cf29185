//! What people can do about a failed build, where the words of kustomize do not say it.

use super::Error;
use crate::generate::GenerateError;
use crate::load::LoadError;
use crate::patch::PatchError;
use crate::references::ReferenceError;
use crate::resources::IdError;
use crate::transform::{ReplacementError, TransformError};
use crate::variables::VariableError;

/// The field, and the file that it is in.
type Place<'a> = (&'a str, &'a str);

impl Error {
    /// The field and file to look at, and what to do there; nothing where the error says it itself.
    pub fn advice(&self) -> Option<String> {
        self.within(None)
    }

    fn within(&self, place: Option<Place<'_>>) -> Option<String> {
        let said = |place: Option<Place<'_>>, fix: String| {
            Some(place.map_or_else(|| fix.clone(), |(field, file)| format!("in {field} of /{file}: {fix}")))
        };
        match self {
            Self::Resources { path, source } => source.within(Some(("resources", path))),
            Self::Components { path, source } => source.within(Some(("components", path))),
            Self::Component(source)
            | Self::File { source, .. }
            | Self::Recursed { source, .. }
            | Self::RecursedMerging { source, .. }
            | Self::Target { source, .. } => source.within(place),
            Self::Neither { file, directory } => match &**directory {
                // That a file is no directory is not what is wrong with it.
                Self::Load(LoadError::NotADirectory(_) | LoadError::NoDirectory(_)) => file.within(place),
                _ => directory.within(place),
            },
            Self::ComponentRoot(source) | Self::Load(source) => said(place, of_load(source)?),
            Self::Id(source) | Self::Merging { source, .. } => said(place, of_id(source)?.to_owned()),
            Self::Lost { field, .. } => {
                said(None, format!("correct the patch or replacement that takes {field} away"))
            }
            Self::Patch { path, field, source } => said(Some((field, path)), of_patch(source)?.to_owned()),
            Self::PatchFile { path, field, source, .. } => said(Some((field, path)), of_load(source)?),
            Self::Unreadable { path, field, source } => said(Some((field, path)), of_load(source)?),
            Self::Generate { path, field, source: GenerateError::Load(source), .. } => {
                said(Some((field, path)), of_load(source)?)
            }
            Self::Transform {
                path,
                field,
                source: TransformError::Replacement(ReplacementError::NoSource(_)),
            } => said(
                Some((field, path)),
                "correct the source; a resource has its name before the prefix there, or the one after it"
                    .to_owned(),
            ),
            Self::Variable(VariableError::NoResource { file, .. }) => {
                said(Some(("vars", file)), "correct objref, or add the resource".to_owned())
            }
            Self::Reference(ReferenceError::Field { .. }) => said(
                place,
                "give the resources that the name may mean different names, or refer to one by its final name"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

fn of_load(error: &LoadError) -> Option<String> {
    match error {
        LoadError::NoFile(path) | LoadError::NoLink(path) | LoadError::NoDirectory(path) => {
            Some(format!("create /{path}, or correct the entry"))
        }
        LoadError::Cycle { visited, .. } => {
            Some(format!("remove the entry: /{visited} is being built already, and would include itself"))
        }
        LoadError::RepositoryCycle { .. } => Some("remove the entry that leads back".to_owned()),
        LoadError::NoKustomization(path) => {
            Some(format!("add a kustomization.yaml to /{path}, or name its files one by one"))
        }
        _ => None,
    }
}

fn of_id(error: &IdError) -> Option<&'static str> {
    match error {
        IdError::Duplicate(_) => Some("rename one of the two, or list it once"),
        _ => None,
    }
}

fn of_patch(error: &PatchError) -> Option<&'static str> {
    match error {
        PatchError::NoResource { .. } | PatchError::Id(IdError::NoMatch(_)) => Some(
            "correct apiVersion, kind, name and namespace of the patch (as they are before prefix and suffix), or \
             give it a target",
        ),
        PatchError::NoTarget(_) => Some("add a target, such as {kind: Deployment, name: web}"),
        _ => None,
    }
}
