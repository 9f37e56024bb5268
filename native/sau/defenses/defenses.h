#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "sau/defenses/anp.h"
#include "sau/defenses/bnp.h"
#include "sau/defenses/clp.h"
#include "sau/defenses/ep.h"
#include "sau/defenses/fp.h"
#include "sau/defenses/ft.h"
#include "sau/defenses/ftsam.h"
#include "sau/defenses/ibau.h"
#include "sau/defenses/nad.h"
#include "sau/defenses/nc.h"
#include "sau/defenses/npd.h"
#include "sau/defenses/rnp.h"
#include "sau/defenses/sau.h"

namespace sau {

/// A method with its options.
template <class Method>
struct Chosen {
  typename Method::Options options;
};

/// Defenses by name. Each is a class with kName, Options, and a constructor that takes a workspace,
/// the options and the job's control.
template <class... Methods>
struct DefenseTable {
  using Choice = std::variant<Chosen<Methods>...>;

  /// The method of a name, its options still to be read. Throws ERR_CONFIG where there is none.
  static Choice find(const std::string& name) {
    std::optional<Choice> found;
    const auto try_method = [&]<class Method>(Chosen<Method> method) {
      if (name == Method::kName) found = method;
    };
    (try_method(Chosen<Methods>{}), ...);
    if (found) return *found;
    throw Error("ERR_CONFIG",
                "The native core expected a known method but received '" + name + "'");
  }
};

using Defenses =
    DefenseTable<SauDefense, FtDefense, FpDefense, NadDefense, NcDefense, AnpDefense, EpDefense,
                 IbauDefense, FtsamDefense, ClpDefense, BnpDefense, RnpDefense, NpdDefense>;

inline std::unique_ptr<Defense> make_defense(const Defenses::Choice& choice, Workspace& workspace,
                                             const RunControl& control) {
  return std::visit(
      [&]<class Method>(const Chosen<Method>& chosen) -> std::unique_ptr<Defense> {
        return std::make_unique<Method>(workspace, chosen.options, control);
      },
      choice);
}

}  // namespace sau
